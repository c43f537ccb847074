import { Automaton } from './automaton.ts';
import type { Findings, Occurrence, Pattern } from './findings.ts';
import { gap, sign, symbol, type Tokens, word } from './reading.ts';
import { Segments } from './segments.ts';
import { glue } from './vocabulary.ts';

/** A comment of more words than this does not consist of one keyword, however often it is said. */
const maxRepeated = 64;
/** Readings of words with slips or held-down letters that are followed at the same time. */
const maxReadings = 16;

/** What phrases reach across: white space, hyphens, quotation marks, apostrophes. */
const joins = /^[\s\p{Cf}\p{M}\-‐‑–_'’‘ʼ`´"“”„«»*~]*$/u;
/** Signs that people decorate words with. */
const decoration = /[<>=#]/;

/** Indexes of the tokens that were walked; one text is searched at a time. */
let walked = new Int32Array(256);
const segments = new Segments();

/** Finds keywords that are words, in one pass over a text’s tokens for all keywords together. */
export class WordSearch {
  readonly #automaton = new Automaton<Pattern>();
  #hasPatterns = false;
  #hasOthers = false;
  #count = 0;
  #text = '';

  add(pattern: Pattern): void {
    this.#automaton.plant(pattern.tokens, pattern);
    this.#hasPatterns = true;
    if (!pattern.hasWordsOnly) this.#hasOthers = true;
  }

  link(): void {
    this.#automaton.link();
  }

  search(text: string, tokens: Tokens, findings: Findings): void {
    if (!this.#hasPatterns) return;
    this.#text = text;
    segments.begin(text);
    if (walked.length < tokens.count) walked = new Int32Array(tokens.kinds.length);
    // A keyword of words alone is found whatever stands between them; one with a sign or an emoji word for word.
    this.#walk(tokens, findings, true);
    if (this.#hasOthers) this.#walk(tokens, findings, false);
  }

  #walk(tokens: Tokens, findings: Findings, wordsOnly: boolean): void {
    const { kinds, ids, alternatives, count } = tokens;
    const automaton = this.#automaton;
    const hasAlternatives = alternatives.size > 0;
    automaton.beginPass();
    this.#count = 0;
    let state = 0;
    /** The states that other readings of the words before lead to. */
    let others: number[] = [];
    for (let at = 0; at < count; at += 1) {
      const kind = kinds[at]!;
      if (kind === gap) {
        state = 0;
        others = [];
        continue;
      }
      if (kind !== word && (wordsOnly || (kind !== sign && kind !== symbol))) continue;
      walked[this.#count] = at;
      this.#count += 1;
      const before = state;
      state = automaton.advance(state, ids[at]!);
      if (automaton.firstEnd(state) !== -1) this.#visit(state, tokens, findings, wordsOnly, false);
      if (others.length > 0 || (hasAlternatives && alternatives.has(at))) {
        others = this.#branch(before, state, others, at, tokens);
        for (const other of others) this.#visit(other, tokens, findings, wordsOnly, true);
      }
    }
  }

  #branch(before: number, state: number, others: readonly number[], at: number, tokens: Tokens): number[] {
    const next: number[] = [];
    const add = (candidate: number) => {
      if (candidate === 0 || candidate === state || next.length >= maxReadings) return;
      if (!next.includes(candidate)) next.push(candidate);
    };
    for (const { id } of tokens.alternatives.get(at) ?? []) {
      add(this.#automaton.advance(before, id));
      for (const other of others) add(this.#automaton.advance(other, id));
    }
    for (const other of others) add(this.#automaton.advance(other, tokens.ids[at]!));
    return next;
  }

  /** All patterns that end with the token walked last. Those of a settled state were settled with it. */
  #visit(state: number, tokens: Tokens, findings: Findings, wordsOnly: boolean, isOther: boolean): void {
    const automaton = this.#automaton;
    let allSettled = true;
    const first = automaton.firstEnd(state);
    for (let at = first; at !== -1 && !automaton.isSettled(at); at = automaton.nextEnd(at)) {
      for (const pattern of automaton.endsAt(at)) {
        if (pattern.hasWordsOnly !== wordsOnly || findings.isSettled(pattern)) continue;
        this.#judge(pattern, tokens, findings, isOther);
        if (!findings.isSettled(pattern)) allSettled = false;
      }
    }
    if (allSettled && first !== -1) automaton.settle(first);
  }

  #judge(pattern: Pattern, tokens: Tokens, findings: Findings, isOther: boolean): void {
    const from = this.#count - pattern.length;
    const first = walked[from]!;
    const last = walked[this.#count - 1]!;
    let how: Occurrence['how'] = 'as_said';
    if (isOther) {
      const read = this.#howRead(pattern, tokens, from);
      if (read === null || (read === 'typo' && !pattern.mayBeTypo)) return;
      how = read;
    }
    const counts =
      segments.areWhole(tokens, first, last) &&
      (!pattern.isPhrase || this.#isJoined(tokens, from)) &&
      (!pattern.isWhole || this.#isAll(pattern, tokens));
    if (counts) findings.accept(pattern, tokens.starts[first]!, tokens.ends[last]!, how);
    else findings.reject(pattern);
  }

  #howRead({ tokens: wanted }: Pattern, tokens: Tokens, from: number): Occurrence['how'] | null {
    let how: Occurrence['how'] = 'as_said';
    for (let at = 0; at < wanted.length; at += 1) {
      const token = walked[from + at]!;
      if (tokens.ids[token] === wanted[at]) continue;
      const read = tokens.alternatives.get(token)?.find(({ id }) => id === wanted[at]);
      if (read === undefined) return null;
      if (how !== 'typo') how = read.how;
    }
    return how;
  }

  #isJoined(tokens: Tokens, from: number): boolean {
    for (let at = from + 1; at < this.#count; at += 1) {
      const start = tokens.ends[walked[at - 1]!]!;
      const end = tokens.starts[walked[at]!]!;
      if (start < end && !joins.test(this.#text.slice(start, Math.min(end, start + 100)))) return false;
    }
    return true;
  }

  /** Whether the comment is the pattern, once or over and over, with nothing but punctuation and emoji around it. */
  #isAll(pattern: Pattern, tokens: Tokens): boolean {
    const { tokens: wanted } = pattern;
    let said = 0;
    for (let at = 0; at < tokens.count; at += 1) {
      const kind = tokens.kinds[at]!;
      if (kind !== word && kind !== sign && kind !== symbol) continue;
      if (pattern.hasWordsOnly) {
        if (kind === symbol || (kind === sign && this.#isDecoration(tokens, at))) continue;
        if (kind === sign) return false;
      }
      if (said >= maxRepeated) return false;
      if (tokens.ids[at] === glue && said > 0 && said % wanted.length === 0) continue;
      const expected = wanted[said % wanted.length];
      const isSame =
        tokens.ids[at] === expected ||
        tokens.alternatives
          .get(at)
          ?.some(({ id, how }) => id === expected && (how !== 'typo' || pattern.mayBeTypo));
      if (!isSame) return false;
      said += 1;
    }
    return said % wanted.length === 0;
  }

  #isDecoration(tokens: Tokens, at: number): boolean {
    const start = tokens.starts[at]!;
    return start === tokens.ends[at] || decoration.test(this.#text[start]!);
  }
}
