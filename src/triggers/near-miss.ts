import { addressRanges } from './addresses.ts';
import { KeywordIndex } from './keyword-index.ts';
import type { MatchMode, MatchRules } from './modes.ts';

/** A keyword that nearly is in a comment, and what it lacks. */
export interface NearMiss {
  keyword: string;
  /**
   * `other_words`: it is there, and more is said. `not_a_hashtag`: without its hash. `slip`: spelt wrongly, as far as it
   * can be told. `inside_a_word`: part of a longer word. `in_an_address`: in a mention, a link or an e-mail address.
   * `apart`: its words are there and do not make a phrase.
   */
  why: 'other_words' | 'not_a_hashtag' | 'apart' | 'slip' | 'inside_a_word' | 'in_an_address';
  start: number;
  end: number;
}

/** For people who ask why nothing happened; takes long in comparison, and nobody waits for it but them. */
export function nearMiss(text: string, rules: MatchRules, missing: readonly string[]): NearMiss | null {
  const tries: Array<[NearMiss['why'], MatchMode, typos: boolean]> = [];
  if (rules.mode === 'exact') tries.push(['other_words', 'word', rules.typos]);
  if (rules.mode === 'hashtag') tries.push(['not_a_hashtag', 'word', false]);
  if (rules.mode === 'phrase') tries.push(['apart', 'word', rules.typos]);
  if (rules.mode !== 'emoji' && rules.mode !== 'contains') {
    tries.push(['slip', 'word', true], ['inside_a_word', 'contains', false]);
  }
  for (const [why, mode, typos] of tries) {
    const found = look(text, { ...rules, mode, typos }, missing);
    if (found) return { why, ...found };
  }
  for (const { start, end } of addressRanges(text)) {
    // Without what makes an address of it, the words of an address are words.
    const words = text.slice(start, end).replace(/[@＠﹫/:.?=&#]/g, ' ');
    const found = look(words, { ...rules, mode: 'contains', typos: false }, missing);
    if (found) {
      return {
        why: 'in_an_address',
        keyword: found.keyword,
        start: start + found.start,
        end: start + found.end,
      };
    }
  }
  return null;
}

function look(text: string, rules: MatchRules, keywords: readonly string[]): Omit<NearMiss, 'why'> | null {
  const index = new KeywordIndex(rules.language);
  const byPattern = new Map(
    keywords.flatMap((keyword) =>
      index.add(keyword, { ...rules, skipRefusals: false }).map((pattern) => [pattern, keyword] as const),
    ),
  );
  index.link();
  const [first] = index.find(text);
  if (first === undefined) return null;
  return { keyword: byPattern.get(first.pattern)!, start: first.start, end: first.end };
}
