import type { Alternative, Unit } from './reading.ts';
import type { Vocabulary } from './vocabulary.ts';

/** How many slips a word of so many letters may have. In short words one letter makes another word: pan, plan, pane. */
export function maxSlips(letters: number): 0 | 1 | 2 {
  if (letters < 5) return 0;
  return letters < 9 ? 1 : 2;
}

/** What is longer is looked up as it is: the number of ways to leave out two letters grows with the square. */
const maxTypoLetters = 24;
/** Comparisons in one text. Real comments need a few; keywords that are made to be alike would need any number. */
const maxComparisons = 1_500;
/** Words of one text that are looked up so, by the ways to leave out letters; a comment as long as platforms take needs fewer. */
const maxRests = 15_000;
/** Words with letters held down that are looked up in one text. */
const maxStretched = 1_000;

const base = 0x01000193;

/** The same letters with each run of one letter squeezed into one. */
export function squeeze(text: string): string {
  let isSqueezed = true;
  for (let at = 1; at < text.length && isSqueezed; at += 1) isSqueezed = text[at] !== text[at - 1];
  if (isSqueezed) return text;
  let squeezed = '';
  for (let at = 0; at < text.length; at += 1) if (text[at] !== text[at - 1]) squeezed += text[at];
  return squeezed;
}

/** Whether holding down letters of `word` gives `stretched`; both squeeze into the same. */
export function isStretchOf(stretched: string, word: string): boolean {
  let at = 0;
  for (let from = 0; from < word.length; ) {
    const letter = word[from];
    let wanted = 0;
    while (word[from] === letter && from < word.length) {
      from += 1;
      wanted += 1;
    }
    let given = 0;
    while (stretched[at] === letter && at < stretched.length) {
      at += 1;
      given += 1;
    }
    if (given < wanted) return false;
  }
  return at === stretched.length;
}

const digits = /\p{N}/u;

/** Finds the keywords' words that a word of a text may stand for, at a cost that does not grow with their number. */
export class SimilarWords {
  readonly #vocabulary: Vocabulary;
  readonly #bySqueezed = new Map<string, number[]>();
  /** By the hash of what is left of a word when up to so many letters are left out. */
  readonly #byRest = new Map<number, number[]>();
  readonly #hasTypos = new Set<number>();
  readonly #powers = Int32Array.from({ length: maxTypoLetters + 2 });
  readonly #prefixes = new Int32Array(maxTypoLetters + 2);
  #comparisons = 0;
  #rests = 0;
  #stretched = 0;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    this.#powers[0] = 1;
    for (let at = 1; at < this.#powers.length; at += 1) {
      this.#powers[at] = Math.imul(this.#powers[at - 1]!, base);
    }
  }

  get findsTypos(): boolean {
    return this.#hasTypos.size > 0;
  }

  /** A single letter held down is no word: “xxx” is not “x”. */
  addStretchable(id: number): void {
    const text = this.#vocabulary.textOf(id);
    const squeezed = squeeze(text);
    if (squeezed.length < 2) return;
    const ids = this.#bySqueezed.get(squeezed);
    if (ids === undefined) this.#bySqueezed.set(squeezed, [id]);
    else if (!ids.includes(id)) ids.push(id);
  }

  /** Digits are never slips: “guide1” is not “guide2”. */
  addTypos(id: number): void {
    const text = this.#vocabulary.textOf(id);
    const slips = maxSlips(text.length);
    if (this.#hasTypos.has(id) || slips === 0 || text.length > maxTypoLetters || digits.test(text)) return;
    this.#hasTypos.add(id);
    const units = Uint16Array.from(text, (char) => char.charCodeAt(0));
    this.#eachRest(units, units.length, slips, (rest) => {
      const ids = this.#byRest.get(rest);
      if (ids === undefined) this.#byRest.set(rest, [id]);
      else if (ids.at(-1) !== id) ids.push(id);
    });
  }

  beginText(): void {
    this.#comparisons = 0;
    this.#rests = 0;
    this.#stretched = 0;
  }

  /** @returns null for none, which is nearly always */
  find(unit: Unit, mayBeTypo: boolean): Alternative[] | null {
    let found: Alternative[] | null = null;
    if (unit.isStretched && this.#stretched < maxStretched) {
      this.#stretched += 1;
      const text = unit.toString();
      for (const id of this.#bySqueezed.get(squeeze(text)) ?? []) {
        const candidate = this.#vocabulary.textOf(id);
        if (candidate === text || !isStretchOf(text, candidate)) continue;
        found ??= [];
        found.push({ id, how: 'stretched' });
      }
    }
    const mayDiffer = mayBeTypo && this.findsTypos && !unit.hasDigit;
    if (!mayDiffer || unit.length < 4 || unit.length > maxTypoLetters) return found;
    if (this.#rests >= maxRests) return found;
    this.#rests += unit.length < 7 ? unit.length : (unit.length * unit.length) / 2;
    const compared = new Set<number>();
    // The shortest keyword with two slips has nine letters, so a text's word of six is too short for it.
    this.#eachRest(unit.units, unit.length, unit.length < 7 ? 1 : 2, (rest) => {
      for (const id of this.#byRest.get(rest) ?? []) {
        if (compared.has(id) || this.#comparisons >= maxComparisons) continue;
        compared.add(id);
        this.#comparisons += 1;
        const candidate = this.#vocabulary.textOf(id);
        const slips = maxSlips(candidate.length);
        const distance = editDistance(unit.units, unit.length, candidate, slips);
        if (distance === 0 || distance > slips || found?.some((other) => other.id === id)) continue;
        found ??= [];
        found.push({ id, how: 'typo' });
      }
    });
    return found;
  }

  #eachRest(units: Uint16Array, length: number, slips: 1 | 2, visit: (hash: number) => void): void {
    const powers = this.#powers;
    const prefixes = this.#prefixes;
    prefixes[0] = 0;
    for (let at = 0; at < length; at += 1) {
      prefixes[at + 1] = (Math.imul(prefixes[at]!, base) + units[at]! + 1) | 0;
    }
    const slice = (from: number, to: number) =>
      (prefixes[to]! - Math.imul(prefixes[from]!, powers[to - from]!)) | 0;
    visit(prefixes[length]!);
    for (let first = 0; first < length; first += 1) {
      const afterFirst = length - first - 1;
      visit((Math.imul(prefixes[first]!, powers[afterFirst]!) + slice(first + 1, length)) | 0);
      if (slips === 1) continue;
      for (let second = first + 1; second < length; second += 1) {
        const between = second - first - 1;
        const head = (Math.imul(prefixes[first]!, powers[between]!) + slice(first + 1, second)) | 0;
        visit((Math.imul(head, powers[length - second - 1]!) + slice(second + 1, length)) | 0);
      }
    }
  }
}

/** Letters left out, added, mistaken or swapped with their neighbour; what is more than `most` is `most + 1`. */
export function editDistance(units: Uint16Array, length: number, word: string, most: number): number {
  if (Math.abs(length - word.length) > most) return most + 1;
  let before: number[] = [];
  let last = Array.from({ length: word.length + 1 }, (_, at) => at);
  for (let row = 1; row <= length; row += 1) {
    const now = [row];
    let least = row;
    for (let at = 1; at <= word.length; at += 1) {
      const same = units[row - 1] === word.charCodeAt(at - 1);
      let cost = Math.min(last[at]! + 1, now[at - 1]! + 1, last[at - 1]! + (same ? 0 : 1));
      const swapped =
        row > 1 &&
        at > 1 &&
        units[row - 1] === word.charCodeAt(at - 2) &&
        units[row - 2] === word.charCodeAt(at - 1);
      if (swapped) cost = Math.min(cost, before[at - 2]! + 1);
      now.push(cost);
      least = Math.min(least, cost);
    }
    if (least > most) return most + 1;
    [before, last] = [last, now];
  }
  return last[word.length]!;
}
