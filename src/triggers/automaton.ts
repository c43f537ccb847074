const root = 0;

/** What is known of a state, side by side, because a look at memory is most of what a state costs. */
const onlyToken = 0;
const onlyChild = 1;
/** The longest shorter row of tokens that was just read too. */
const fallback = 2;
/** The state itself or the nearest down its fallbacks where a pattern ends, or -1. */
const firstEnd = 3;
/** The nearest down its fallbacks where one ends, without itself. */
const nextEnd = 4;
const hasChildren = 5;
/** The pass in which all that ends there was found to be settled. */
const settledIn = 6;
const fields = 8;

/**
 * An Aho–Corasick automaton over numbers, be they words or characters: one step per token of the text, however many
 * patterns there are and however much they are prefixes of one another. Most states have one way on, so that is kept
 * without a map.
 */
export class Automaton<Pattern> {
  #states = new Int32Array(fields * 16);
  #size = 0;
  #children = new Map<number, Map<number, number>>();
  #ends: Array<Pattern[] | null> = [];
  /** The ways from the root, by token: nearly every word of a text is looked for there. Made when linking. */
  #fromRoot = new Int32Array(0);
  #pass = 0;
  /** Looks at a state so far: what the promise of linear time is counted by. */
  steps = 0;

  constructor() {
    this.#newState();
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
    const order = [root];
    for (const state of order) {
      for (const [token, child] of this.#ways(state)) {
        const shorter = state === root ? root : this.advance(this.#get(state, fallback), token);
        this.#set(child, fallback, shorter);
        this.#set(child, nextEnd, this.#get(shorter, firstEnd));
        this.#set(child, firstEnd, this.#ends[child] ? child : this.#get(shorter, firstEnd));
        order.push(child);
      }
    }
    const ways = [...this.#ways(root)];
    this.#fromRoot = new Int32Array(ways.reduce((most, [token]) => Math.max(most, token), -1) + 1).fill(-1);
    for (const [token, child] of ways) this.#fromRoot[token] = child;
    this.#children.delete(root);
  }

  /** @returns the state to be in after `token` */
  advance(state: number, token: number): number {
    for (let from = state; from !== -1; from = this.#states[from * fields + fallback]!) {
      this.steps += 1;
      const next = this.#child(from, token);
      if (next !== -1) return next;
    }
    return root;
  }

  /** The state itself or the nearest down its fallbacks where a pattern ends, or -1. */
  firstEnd(state: number): number {
    return this.#states[state * fields + firstEnd]!;
  }

  nextEnd(state: number): number {
    return this.#states[state * fields + nextEnd]!;
  }

  endsAt(state: number): readonly Pattern[] {
    return this.#ends[state] ?? [];
  }

  /** From here on no state is settled. */
  beginPass(): void {
    this.#pass += 1;
  }

  /** Nothing more can be learnt where the patterns of this state end, nor those of its fallbacks. */
  settle(state: number): void {
    this.#set(state, settledIn, this.#pass);
  }

  isSettled(state: number): boolean {
    return this.#states[state * fields + settledIn] === this.#pass;
  }

  #get(state: number, field: number): number {
    return this.#states[state * fields + field]!;
  }

  #set(state: number, field: number, value: number): void {
    this.#states[state * fields + field] = value;
  }

  #child(state: number, token: number): number {
    if (state === root && this.#fromRoot.length > 0) return this.#fromRoot[token] ?? -1;
    const at = state * fields;
    if (this.#states[at + onlyToken] === token) return this.#states[at + onlyChild]!;
    if (this.#states[at + hasChildren] === 0) return -1;
    return this.#children.get(state)?.get(token) ?? -1;
  }

  #newState(): number {
    const state = this.#size;
    this.#size += 1;
    if (this.#size * fields > this.#states.length) {
      const before = this.#states;
      this.#states = new Int32Array(before.length * 2);
      this.#states.set(before);
    }
    const isRoot = state === root;
    this.#states.set([-1, root, isRoot ? -1 : root, -1, -1, 0, 0], state * fields);
    this.#ends.push(null);
    return state;
  }

  #grow(state: number, token: number): number {
    const child = this.#newState();
    if (this.#get(state, onlyToken) === -1) {
      this.#set(state, onlyToken, token);
      this.#set(state, onlyChild, child);
      return child;
    }
    const children = this.#children.get(state);
    if (children) children.set(token, child);
    else {
      this.#children.set(state, new Map([[token, child]]));
      this.#set(state, hasChildren, 1);
    }
    return child;
  }

  *#ways(state: number): Iterable<[token: number, child: number]> {
    if (this.#get(state, onlyToken) !== -1) yield [this.#get(state, onlyToken), this.#get(state, onlyChild)];
    yield* this.#children.get(state) ?? [];
  }
}
