const root = 0;

/**
 * An Aho–Corasick automaton over numbers, be they words or characters: one step per token of the text, however many
 * patterns there are and however much they are prefixes of one another. Most states have one way on, so that is kept
 * without a map.
 */
export class Automaton<Pattern> {
  #onlyToken: number[] | Int32Array = [-1];
  #onlyChild: number[] | Int32Array = [root];
  /** The ways from the root, by token: nearly every word of a text is looked for there. Made when linking. */
  #fromRoot = new Int32Array(0);
  #children: Array<Map<number, number> | null> = [null];
  /** The longest shorter row of tokens that was just read too. */
  #fallback: number[] | Int32Array = [-1];
  #ends: Array<Pattern[] | null> = [null];
  /** The nearest state down the fallbacks where a pattern ends, or -1. */
  #shorterEnd: number[] | Int32Array = [-1];
  /** Looks at a state so far: what the promise of linear time is counted by. */
  steps = 0;

  get size(): number {
    return this.#ends.length;
  }

  plant(tokens: ArrayLike<number>, pattern: Pattern): void {
    let state = root;
    for (let at = 0; at < tokens.length; at += 1) {
      const next = this.#child(state, tokens[at]!);
      state = next === -1 ? this.#grow(state, tokens[at]!) : next;
    }
    const ends = this.#ends[state];
    if (ends) ends.push(pattern);
    else this.#ends[state] = [pattern];
  }

  /** To be called once, when all patterns are planted. Nearest the root first: a fallback is always nearer. */
  link(): void {
    const states = [root];
    for (const state of states) {
      for (const [token, child] of this.#ways(state)) {
        const fallback = state === root ? root : this.advance(this.#fallback[state]!, token);
        this.#fallback[child] = fallback;
        this.#shorterEnd[child] = this.#ends[fallback] ? fallback : this.#shorterEnd[fallback]!;
        states.push(child);
      }
    }
    // Closer together in memory, which is what the cost is of when there are very many.
    const ways = [...this.#ways(root)];
    this.#fromRoot = new Int32Array(ways.reduce((most, [token]) => Math.max(most, token), -1) + 1).fill(-1);
    for (const [token, child] of ways) this.#fromRoot[token] = child;
    this.#onlyToken = Int32Array.from(this.#onlyToken);
    this.#onlyChild = Int32Array.from(this.#onlyChild);
    this.#fallback = Int32Array.from(this.#fallback);
    this.#shorterEnd = Int32Array.from(this.#shorterEnd);
    this.#children[root] = null;
  }

  /** @returns the state to be in after `token` */
  advance(state: number, token: number): number {
    for (let from = state; from !== -1; from = this.#fallback[from]!) {
      this.steps += 1;
      const next = this.#child(from, token);
      if (next !== -1) return next;
    }
    return root;
  }

  /** @returns the state itself or the nearest down its fallbacks where a pattern ends, or -1 */
  firstEnd(state: number): number {
    return this.#ends[state] ? state : this.#shorterEnd[state]!;
  }

  nextEnd(state: number): number {
    return this.#shorterEnd[state]!;
  }

  endsAt(state: number): readonly Pattern[] {
    return this.#ends[state] ?? [];
  }

  #child(state: number, token: number): number {
    if (state === root && this.#fromRoot.length > 0) return this.#fromRoot[token] ?? -1;
    if (this.#onlyToken[state] === token) return this.#onlyChild[state]!;
    return this.#children[state]?.get(token) ?? -1;
  }

  #grow(state: number, token: number): number {
    const child = this.#ends.length;
    (this.#onlyToken as number[]).push(-1);
    (this.#onlyChild as number[]).push(root);
    this.#children.push(null);
    (this.#fallback as number[]).push(root);
    this.#ends.push(null);
    (this.#shorterEnd as number[]).push(-1);
    if (this.#onlyToken[state] === -1) {
      this.#onlyToken[state] = token;
      this.#onlyChild[state] = child;
      return child;
    }
    const children = this.#children[state];
    if (children) children.set(token, child);
    else this.#children[state] = new Map([[token, child]]);
    return child;
  }

  *#ways(state: number): Iterable<[token: number, child: number]> {
    if (this.#onlyToken[state] !== -1) yield [this.#onlyToken[state]!, this.#onlyChild[state]!];
    yield* this.#children[state] ?? [];
  }
}
