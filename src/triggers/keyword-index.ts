import { keywordTokens } from './keyword.ts';
import { scan } from './words.ts';

/** Tokens in a row, and whose they are. */
export interface Pattern {
  readonly length: number;
  /** The keyword as its trigger spells it, by the rank of the trigger, in the order of rank. */
  readonly keywordByRank: ReadonlyMap<number, string>;
}

/** The first place where a pattern was found, in UTF-16 units. */
export interface FoundPattern {
  pattern: Pattern;
  start: number;
  end: number;
}

export interface KeywordIndex {
  /** Each pattern at most once. */
  find(text: string): readonly FoundPattern[];
}

interface BuiltPattern {
  length: number;
  keywordByRank: Map<number, string>;
}

/** A state of the automaton: the tokens from the root to here were just read. */
interface Node {
  next: Map<string, Node>;
  /** The longest shorter row of tokens that was just read too. */
  fallback: Node | null;
  ends: BuiltPattern | null;
  /** The nearest node down the fallbacks where a pattern ends. */
  shorterEnd: Node | null;
}

const nothing: readonly FoundPattern[] = [];

function newNode(): Node {
  return { next: new Map(), fallback: null, ends: null, shorterEnd: null };
}

function plant(root: Node, tokens: readonly string[], rank: number, keyword: string): void {
  let node = root;
  for (const token of tokens) {
    let next = node.next.get(token);
    if (next === undefined) {
      next = newNode();
      node.next.set(token, next);
    }
    node = next;
  }
  node.ends ??= { length: tokens.length, keywordByRank: new Map() };
  if (!node.ends.keywordByRank.has(rank)) node.ends.keywordByRank.set(rank, keyword);
}

/** @returns the node to be in after `token`, when `node` was the one before */
function advance(root: Node, node: Node, token: string): Node {
  for (let from: Node | null = node; from !== null; from = from.fallback) {
    const next = from.next.get(token);
    if (next !== undefined) return next;
  }
  return root;
}

/** Nearest the root first, because a fallback is always nearer than the node that falls back to it. */
function linkFallbacks(root: Node): void {
  const nodes = [root];
  for (const node of nodes) {
    for (const [token, child] of node.next) {
      child.fallback = node.fallback === null ? root : advance(root, node.fallback, token);
      child.shorterEnd = child.fallback.ends === null ? child.fallback.shorterEnd : child.fallback;
      nodes.push(child);
    }
  }
}

/**
 * An Aho–Corasick automaton over words: one step per word of the text, however many keywords there are and however
 * much they are prefixes of one another.
 * @param keywords by rank
 */
export function buildKeywordIndex(keywords: ReadonlyMap<number, readonly string[]>): KeywordIndex {
  const root = newNode();
  let maxLength = 0;
  for (const [rank, ofTrigger] of [...keywords].sort(([a], [b]) => a - b)) {
    for (const keyword of ofTrigger) {
      const tokens = keywordTokens(keyword);
      for (const token of tokens) maxLength = Math.max(maxLength, token.length);
      if (tokens.length > 0) plant(root, tokens, rank, keyword);
    }
  }
  linkFallbacks(root);
  if (root.next.size === 0) return { find: () => nothing };

  return {
    find(text) {
      const found: FoundPattern[] = [];
      /** Where a pattern ended before, so did all that its fallbacks end. */
      const seen = new Set<Node>();
      // A keyword of words alone is found whatever stands between them; one with a sign or an emoji word for word.
      const words: Walk = { node: root, starts: [] };
      const everything: Walk = { node: root, starts: [] };

      function step(walk: Walk, token: string, start: number, end: number): void {
        walk.starts.push(start);
        walk.node = advance(root, walk.node, token);
        let at = walk.node.ends === null ? walk.node.shorterEnd : walk.node;
        for (; at !== null && !seen.has(at); at = at.shorterEnd) {
          seen.add(at);
          const pattern = at.ends!;
          found.push({ pattern, start: walk.starts[walk.starts.length - pattern.length]!, end });
        }
      }

      scan(
        text,
        {
          word(token, start, end) {
            step(words, token, start, end);
            step(everything, token, start, end);
          },
          sign: (token, start, end) => step(everything, token, start, end),
          symbol: (token, start, end) => step(everything, token, start, end),
          looseSigns() {},
          gap() {
            words.node = root;
            everything.node = root;
          },
        },
        maxLength,
      );
      return found;
    },
  };
}

/** One way through the automaton, and where each of its tokens began. */
interface Walk {
  node: Node;
  starts: number[];
}
