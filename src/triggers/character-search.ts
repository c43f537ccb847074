import { Automaton } from './automaton.ts';
import type { Findings, Pattern } from './findings.ts';
import type { Characters } from './reading.ts';

/** How often letters follow each other in a row of units: squeezed, each letter once, and how often it stood there. */
interface Runs {
  units: number[];
  lengths: number[];
}

function runsOf(units: ArrayLike<number>, length: number): Runs & { firsts: number[] } {
  const runs: Runs & { firsts: number[] } = { units: [], lengths: [], firsts: [] };
  for (let at = 0; at < length; at += 1) {
    const unit = units[at]!;
    if (at > 0 && unit === units[at - 1] && !isDigit(unit)) runs.lengths[runs.lengths.length - 1]! += 1;
    else {
      runs.units.push(unit);
      runs.lengths.push(1);
      runs.firsts.push(at);
    }
  }
  return runs;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

/** Finds keywords anywhere, also inside of words. */
export class CharacterSearch {
  readonly #plain = new Automaton<Pattern>();
  readonly #squeezed = new Automaton<{ pattern: Pattern; lengths: number[] }>();
  #hasPatterns = false;

  /** @param pattern whose tokens are the keyword’s characters */
  add(pattern: Pattern): void {
    this.#plain.plant(pattern.tokens, pattern);
    const { units, lengths } = runsOf(pattern.tokens, pattern.tokens.length);
    if (units.length > 1) this.#squeezed.plant(units, { pattern, lengths });
    this.#hasPatterns = true;
  }

  link(): void {
    this.#plain.link();
    this.#squeezed.link();
  }

  search(characters: Characters, findings: Findings): void {
    if (!this.#hasPatterns) return;
    const { units, starts, ends, length } = characters;
    let state = 0;
    let run = 0;
    let isStretched = false;
    this.#plain.beginPass();
    this.#squeezed.beginPass();
    const accept = (pattern: Pattern, from: number, last: number, how: 'as_said' | 'stretched') => {
      findings.accept(pattern, starts[from]!, ends[last]!, how);
    };
    for (let at = 0; at < length; at += 1) {
      const unit = units[at]!;
      run = at > 0 && unit === units[at - 1] && !isDigit(unit) ? run + 1 : 1;
      if (run === 3) isStretched = true;
      state = this.#plain.advance(state, unit);
      this.#visit(this.#plain, state, (pattern) => {
        if (!findings.isSettled(pattern)) accept(pattern, at - pattern.length + 1, at, 'as_said');
        return findings.isSettled(pattern);
      });
    }
    if (!isStretched) return;
    const runs = runsOf(units, length);
    state = 0;
    for (let at = 0; at < runs.units.length; at += 1) {
      state = this.#squeezed.advance(state, runs.units[at]!);
      this.#visit(this.#squeezed, state, ({ pattern, lengths }) => {
        if (findings.isSettled(pattern)) return true;
        const from = at - lengths.length + 1;
        let isHeld = false;
        for (const [index, wanted] of lengths.entries()) {
          const given = runs.lengths[from + index]!;
          if (given < wanted) {
            findings.reject(pattern);
            return findings.isSettled(pattern);
          }
          if (given >= 3) isHeld = true;
        }
        const last = runs.firsts[at]! + runs.lengths[at]! - 1;
        if (isHeld) accept(pattern, runs.firsts[from]!, last, 'stretched');
        else findings.reject(pattern);
        return findings.isSettled(pattern);
      });
    }
  }

  #visit<End>(automaton: Automaton<End>, state: number, judge: (end: End) => boolean): void {
    const first = automaton.firstEnd(state);
    let allSettled = true;
    for (let at = first; at !== -1 && !automaton.isSettled(at); at = automaton.nextEnd(at)) {
      for (const end of automaton.endsAt(at)) if (!judge(end)) allSettled = false;
    }
    if (first !== -1 && allSettled) automaton.settle(first);
  }
}
