import type { RefusalLanguage } from './refusal-words.ts';
import { refuses } from './refusals.ts';

/** How a text says a keyword: letter for letter, but for case and dress, with letters held down, with a slip. */
export type HowFound = 'exact' | 'folded' | 'stretched' | 'typo';

/** One keyword under one set of rules, whoever listens for it. */
export interface Pattern {
  /** Counted from 0 within its index. */
  readonly id: number;
  readonly tokens: readonly number[];
  /** In tokens. */
  readonly length: number;
  /** Without signs and emoji, so these may stand between its words. */
  readonly hasWordsOnly: boolean;
  /** Only spaces and hyphens may stand between its words. */
  readonly isPhrase: boolean;
  /** Nothing else may be said. */
  readonly isWhole: boolean;
  readonly mayBeTypo: boolean;
  /** For whoever asked for it: where it keeps what belongs to it. */
  place: number;
  /** Which languages’ refusals count: all, one, or none. */
  readonly refusals: RefusalLanguage | 'all' | 'none';
}

/** The first place where a pattern stands, in UTF-16 units; one where it is refused only if there is no other. */
export interface Occurrence {
  readonly pattern: Pattern;
  readonly start: number;
  readonly end: number;
  readonly how: 'as_said' | 'stretched' | 'typo';
  readonly isRefused: boolean;
}

/** After so many places where it does not count, a pattern is looked for no more. No comment has as many. */
const maxTries = 64;

/** What was found in one text so far: each pattern at most once. */
export class Findings {
  #round = 0;
  /** Of each pattern side by side: the round in which it was met last, its tries or -1 when it is settled, its place. */
  #states = new Int32Array(8 * 3);
  #text = '';
  #mayRefuse = false;
  occurrences: Occurrence[] = [];

  begin(text: string, patterns: number, mayRefuse: boolean): void {
    this.#mayRefuse = mayRefuse;
    if (patterns * 3 > this.#states.length) {
      this.#states = new Int32Array(patterns * 2 * 3);
      this.#round = 0;
    }
    this.#round += 1;
    this.#text = text;
    if (this.occurrences.length > 0) this.occurrences = [];
  }

  /** Nothing more can be learnt about it. */
  isSettled({ id }: Pattern): boolean {
    return this.#states[id * 3] === this.#round && this.#states[id * 3 + 1] === -1;
  }

  /** It stands there and does not count. */
  reject({ id }: Pattern): void {
    this.#meet(id);
    const tries = this.#states[id * 3 + 1]!;
    if (tries !== -1) this.#states[id * 3 + 1] = tries + 1 >= maxTries ? -1 : tries + 1;
  }

  /** It stands at `[start, end)`, and counts there unless the comment refuses it. */
  accept(pattern: Pattern, start: number, end: number, how: Occurrence['how']): void {
    const { id, refusals } = pattern;
    this.#meet(id);
    const isRefused =
      refusals !== 'none' &&
      this.#mayRefuse &&
      refuses(this.#text, start, end, refusals === 'all' ? null : refusals);
    const place = this.#states[id * 3 + 2]!;
    const occurrence = { pattern, start, end, how, isRefused };
    if (place === -1) {
      this.#states[id * 3 + 2] = this.occurrences.length;
      this.occurrences.push(occurrence);
    } else if (!isRefused) this.occurrences[place] = occurrence;
    if (isRefused) this.reject(pattern);
    else this.#states[id * 3 + 1] = -1;
  }

  #meet(id: number): void {
    if (this.#states[id * 3] === this.#round) return;
    this.#states[id * 3] = this.#round;
    this.#states[id * 3 + 1] = 0;
    this.#states[id * 3 + 2] = -1;
  }
}
