import { addressRanges, type TextRange } from './addresses.ts';
import { breve, type Glyph, type GlyphKind, glyphOf, lettersWithBreve } from './fold.ts';
import { Characters, gap, loose, sign, symbol, Tokens, Unit, word } from './reading.ts';
import type { SimilarWords } from './similar.ts';
import { readSymbol, unitsOf } from './symbols.ts';
import { glue, touch, type Vocabulary } from './vocabulary.ts';

export interface ReaderOptions {
  vocabulary: Vocabulary;
  /** Gives words that are not known a number, as for keywords; else they are all the same to it. */
  learns?: boolean;
  /** Asked what else a word may stand for. */
  similar?: SimilarWords | null;
  /** Also gives the characters in a row. */
  givesCharacters?: boolean;
  /** Turkish and Azerbaijani: ı and I are one letter, i and İ another. */
  dotless?: boolean;
  /** The words that people refuse with are the first of the vocabulary, up to this one. */
  lastRefusing?: number;
  /** Reads while what another reader gave is still looked at. */
  isNested?: boolean;
}

const breveUnit = breve.charCodeAt(0);
const dotAbove = 0x307;
const dotlessI = 0x131;
const space = 0x20;
const smallI = 0x69;
const maxNormalized = 128;

const letterWithBreve = new Set(lettersWithBreve.map((letter) => letter.charCodeAt(0)));
const letters = new Map<number, Glyph>([
  [0x49, { kind: 'letter', text: 'ı', parts: [] }],
  [dotlessI, { kind: 'letter', text: 'ı', parts: [] }],
  [0x130, { kind: 'letter', text: 'i', parts: [] }],
]);

/** The small letter of each letter of ASCII; 0 for all others. */
const plainLetters = Uint8Array.from({ length: 128 }, (_, code) => {
  const { kind, text } = glyphOf(code);
  return kind === 'letter' && text.length === 1 ? text.charCodeAt(0) : 0;
});

/** Comments without any of these have no address in them, and most have none. */
const mayHaveAddress = /[@＠﹫/]|www\./i;
const none: readonly TextRange[] = [];

/** What is before a word and only makes a hashtag of it. */
export function isHashes(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (!'#＃﹟'.includes(text[at]!)) return false;
  return true;
}

/** What is read into. Texts are read one after the other, so all readers but a nested one share it. */
class Scratch {
  readonly tokens = new Tokens();
  readonly characters = new Characters();
  readonly unit = new Unit();
  readonly symbol = new Unit();
}
const shared = new Scratch();

/**
 * Reads words, signs and emoji out of texts, in linear time. Never throws, whatever the text. What it gives is
 * overwritten by the next text.
 */
export class Reader {
  readonly tokens: Tokens;
  readonly characters: Characters;
  readonly #vocabulary: Vocabulary;
  readonly #learns: boolean;
  readonly #similar: SimilarWords | null;
  readonly #givesCharacters: boolean;
  readonly #dotless: boolean;
  readonly #lastRefusing: number;

  #text = '';
  readonly #unit: Unit;
  readonly #symbol: Unit;
  #kind: GlyphKind = 'separator';
  #start = 0;
  #end = 0;
  #hasMark = false;
  #afterAlone = false;
  /** Whether a word or its signs end right here, but for accents and what is invisible. */
  #touching = false;
  /** Signs of which it is not known yet whether they touch a word: where they are, or -1. */
  #signsStart = -1;
  #signsEnd = -1;
  #signsTouch = false;
  /** There are few signs, and some people write many. */
  readonly #signIds = new Map<number, number>();
  #spaceDue = false;

  constructor({
    vocabulary,
    learns,
    similar,
    givesCharacters,
    dotless,
    isNested,
    lastRefusing,
  }: ReaderOptions) {
    const { tokens, characters, unit, symbol: other } = isNested ? new Scratch() : shared;
    this.tokens = tokens;
    this.characters = characters;
    this.#unit = unit;
    this.#symbol = other;
    this.#vocabulary = vocabulary;
    this.#learns = learns ?? false;
    this.#similar = similar ?? null;
    this.#givesCharacters = givesCharacters ?? false;
    this.#dotless = dotless ?? false;
    this.#lastRefusing = lastRefusing ?? 0;
  }

  read(text: string): Tokens {
    this.#text = text;
    this.tokens.clear();
    this.characters.length = 0;
    this.#signsStart = -1;
    this.#spaceDue = false;
    this.#afterAlone = false;
    this.#touching = false;
    this.#similar?.beginText();
    const addresses = mayHaveAddress.test(text) ? addressRanges(text) : none;
    let from = 0;
    for (const { start, end } of addresses) {
      this.#readRange(from, start);
      this.#separate();
      this.tokens.push(gap, 0, start, end, 0);
      from = end;
    }
    this.#readRange(from, text.length);
    this.#separate();
    return this.tokens;
  }

  #readRange(from: number, to: number): void {
    const text = this.#text;
    for (let at = from; at < to; ) {
      // Most of most comments: plain letters, and the spaces between them.
      const code = text.charCodeAt(at);
      if (code < 128 && plainLetters[code] !== 0 && !this.#givesCharacters && !this.#dotless) {
        at = this.#readPlainLetters(at, to);
        continue;
      }
      if (code === space) {
        if (this.#unit.length > 0 || this.#signsStart !== -1 || this.#touching) this.#separate();
        this.#spaceDue = true;
        at += 1;
        continue;
      }
      const codePoint = text.codePointAt(at)!;
      const next = at + unitsOf(codePoint);
      const glyph = (this.#dotless && letters.get(codePoint)) || glyphOf(codePoint);
      if (glyph.kind === 'letter') this.#append(glyph, at, next);
      else if (glyph.kind === 'separator') this.#separate();
      else if (glyph.kind === 'symbol' || glyph.kind === 'flag') {
        at = this.#readSymbol(glyph, at, next);
        continue;
      } else this.#take(glyph, at, next);
      at = next;
    }
  }

  #readPlainLetters(from: number, to: number): number {
    const text = this.#text;
    const unit = this.#unit;
    if (unit.length === 0 || (this.#kind !== 'letter' && this.#kind !== 'digit')) {
      this.#close();
      if (this.#signsStart !== -1) this.#giveSigns(true);
      this.#start = from;
    }
    this.#kind = 'letter';
    let at = from;
    do {
      unit.push(plainLetters[text.charCodeAt(at)]!, false);
      at += 1;
    } while (at < to && text.charCodeAt(at) < 128 && plainLetters[text.charCodeAt(at)] !== 0);
    this.#end = at;
    return at;
  }

  #readSymbol(glyph: Glyph, start: number, behind: number): number {
    this.#separate();
    const { text, end } = readSymbol(this.#text, glyph, behind, 256);
    this.#symbol.clear();
    for (let at = 0; at < text.length; at += 1) {
      this.#symbol.push(text.charCodeAt(at), true);
      this.#give(text.charCodeAt(at), start, end);
    }
    this.tokens.push(symbol, this.#idOf(this.#symbol), start, end, 0);
    return end;
  }

  #idOf(unit: Unit): number {
    const isLonger = unit.length > this.#vocabulary.maxLength;
    const known = isLonger ? 0 : this.#vocabulary.find(unit.hash, unit.units, unit.length);
    return known === 0 && this.#learns ? this.#vocabulary.intern(unit.toString()) : known;
  }

  #idOfSign(unit: number): number {
    const known = this.#signIds.get(unit);
    if (known !== undefined) return known;
    this.#symbol.clear();
    this.#symbol.push(unit, true);
    const id = this.#idOf(this.#symbol);
    this.#signIds.set(unit, id);
    return id;
  }

  #give(unit: number, start: number, end: number): void {
    if (!this.#givesCharacters) return;
    if (this.#spaceDue && this.characters.length > 0) this.characters.push(space, start, start);
    this.#spaceDue = false;
    this.characters.push(unit, start, end);
  }

  #take(glyph: Glyph, from: number, to: number): void {
    if (glyph.kind === 'invisible') return;
    if (glyph.kind === 'separator' || glyph.kind === 'tone') this.#separate();
    else if (glyph.kind === 'sign') this.#takeSign(glyph.text, from, to);
    else if (glyph.kind === 'mixed') for (const part of glyph.parts) this.#take(part, from, to);
    else if (glyph.kind === 'accent') this.#takeAccent(from, to);
    else this.#append(glyph, from, to);
  }

  #takeAccent(from: number, to: number): void {
    const unit = this.#unit;
    if (unit.length === 0) return;
    const code = this.#text.charCodeAt(from);
    if (code === breveUnit && letterWithBreve.has(unit.last)) unit.push(breveUnit, false);
    if (this.#dotless && code === dotAbove && unit.last === dotlessI) unit.replaceLast(smallI);
    this.#end = to;
    const { characters } = this;
    if (this.#givesCharacters && characters.length > 0) characters.ends[characters.length - 1] = to;
  }

  #continues(next: GlyphKind): boolean {
    if (this.#unit.length === 0 || this.#kind === 'alone') return false;
    if (next === 'digit' || this.#kind === next) return true;
    return this.#kind === 'digit' && next !== 'alone';
  }

  #append(glyph: Glyph, from: number, to: number): void {
    const { kind, text } = glyph;
    const unit = this.#unit;
    if (kind === 'mark' && unit.length > 0) this.#hasMark = true;
    else if (this.#continues(kind)) {
      if (kind !== 'digit') this.#kind = kind;
    } else {
      this.#close();
      if (this.#signsStart !== -1) this.#giveSigns(true);
      this.#kind = kind === 'mark' ? 'letter' : kind;
      this.#start = from;
    }
    const isDigit = kind === 'digit';
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      unit.push(code, isDigit);
      if (this.#givesCharacters) this.#give(code, from, to);
    }
    this.#end = to;
  }

  #takeSign(text: string, from: number, to: number): void {
    this.#close();
    if (this.#signsStart === -1) {
      this.#signsTouch = this.#touching;
      this.#signsStart = from;
    }
    this.#signsEnd = to;
    this.#give(text.charCodeAt(0), from, to);
    this.#afterAlone = false;
    this.#touching = false;
  }

  #giveSigns(wordFollows: boolean): void {
    const { tokens } = this;
    const start = this.#signsStart;
    const end = this.#signsEnd;
    this.#signsStart = -1;
    if (!this.#signsTouch && (!wordFollows || isHashes(this.#text, start, end))) {
      tokens.push(loose, 0, start, end, 0);
      return;
    }
    let touches = this.#signsTouch;
    for (let at = start; at < end; ) {
      const codePoint = this.#text.codePointAt(at)!;
      const next = at + unitsOf(codePoint);
      const { kind, text } = glyphOf(codePoint);
      // What is invisible may stand between them.
      if (kind === 'sign') {
        if (touches) tokens.push(sign, touch, at, at, 0);
        tokens.push(sign, this.#idOfSign(text.charCodeAt(0)), at, next, 0);
        touches = true;
      }
      at = next;
    }
    if (wordFollows) tokens.push(sign, touch, end, end, 0);
  }

  #close(): void {
    const unit = this.#unit;
    if (unit.length === 0) return;
    const isAlone = this.#kind === 'alone';
    const { tokens } = this;
    if (isAlone && this.#afterAlone) tokens.push(word, glue, this.#start, this.#start, 0);
    // Normalizing sorts marks, in more than linear time: no word has as many as that.
    if (this.#hasMark && unit.length <= maxNormalized) unit.normalize();
    const similar = this.#similar;
    if (similar !== null && !isAlone && (unit.isStretched || similar.findsTypos)) {
      const found = similar.find(unit, this.#kind === 'letter');
      if (found) tokens.alternatives.set(tokens.count, found);
    }
    const id = this.#idOf(unit);
    if (id > touch && id <= this.#lastRefusing) tokens.mayRefuse = true;
    tokens.push(word, id, this.#start, this.#end, isAlone ? 1 : 0);
    unit.clear();
    this.#afterAlone = isAlone;
    this.#touching = true;
    this.#hasMark = false;
  }

  #separate(): void {
    this.#close();
    if (this.#signsStart !== -1) this.#giveSigns(false);
    this.#afterAlone = false;
    this.#touching = false;
    this.#spaceDue = true;
  }
}
