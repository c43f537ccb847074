import type { StoredDefinition, TriggerState } from './definition.ts';
import type { HowFound, Occurrence, Pattern } from './findings.ts';
import { anyKeyword, type MatchMode, type MatchRules } from './modes.ts';
import type { Door } from './price.ts';
import { refusalLanguageOf } from './refusal-words.ts';
import { refusesAll } from './refusals.ts';
import type { Schedule } from './schedule.ts';

/** One trigger in the version that counts. */
export interface MatchableTrigger {
  id: string;
  version: number;
  name: string;
  state: TriggerState;
  /** The higher goes first; of equals the older, that is the smaller id. */
  priority: number;
  resourceId: string;
  definition: StoredDefinition;
}

/** What of a comment, or of a private message, counts for matching. */
export interface MatchableComment {
  text: string;
  /** A reply to another comment. */
  isReply: boolean;
  mediaId: string | null;
  door: Door;
  /** When it came in. */
  at: Date;
}

/** Where a keyword was found, `[start, end)` in UTF-16 units of the comment’s text, and how. */
export interface KeywordHit {
  /** As the trigger spells it; of several that all had to be there, all; `*` where every comment counts. */
  keyword: string;
  mode: MatchMode;
  /** `exact`: letter for letter; `any`: no keyword was asked for. */
  how: HowFound | 'any';
  start: number;
  end: number;
  /** Of several keywords that all had to be there, each. */
  parts?: KeywordHit[];
}

/** A trigger, ready to be asked. */
export interface Rule {
  /** Its place in the order of arbitration. */
  rank: number;
  trigger: MatchableTrigger;
  rules: MatchRules;
  mediaIds: ReadonlySet<string>;
  doors: readonly Door[];
  /** null where it counts at all times. */
  schedule: Schedule | null;
  takesReplies: boolean;
  keywords: ReadonlyArray<{ keyword: string; patterns: readonly Pattern[] }>;
  exclude: ReadonlyArray<{ keyword: string; patterns: readonly Pattern[] }>;
}

/** What one comment says, as far as the keywords of one index are concerned. */
export type Found = ReadonlyMap<Pattern, Occurrence>;

/** Whether the words of a comment fire a trigger, whatever post it is on. */
export type WordVerdict =
  | { said: 'yes'; hit: KeywordHit }
  | { said: 'no'; present: string[]; missing: string[] }
  | { said: 'refused'; hit: KeywordHit }
  | { said: 'excluded'; hit: KeywordHit; excluded: KeywordHit };

const order: readonly HowFound[] = ['exact', 'folded', 'stretched', 'typo'];

/** Of several keywords the leftmost counts, and of those the longest; one that is refused only if there is no other. */
function hitOf(
  text: string,
  mode: MatchMode,
  keywords: Rule['keywords'],
  found: Found,
): { hit: KeywordHit; isRefused: boolean } | null {
  let best: { occurrence: Occurrence; keyword: string } | null = null;
  for (const { keyword, patterns } of keywords) {
    for (const pattern of patterns) {
      const occurrence = found.get(pattern);
      if (occurrence && (best === null || isBetter(occurrence, best.occurrence)))
        best = { occurrence, keyword };
    }
  }
  if (best === null) return null;
  const { start, end, how, isRefused } = best.occurrence;
  const { keyword } = best;
  const said = how === 'as_said' ? (text.slice(start, end) === keyword ? 'exact' : 'folded') : how;
  return { hit: { keyword, mode, how: said, start, end }, isRefused };
}

function isBetter(one: Occurrence, other: Occurrence): boolean {
  if (one.isRefused !== other.isRefused) return other.isRefused;
  return one.start === other.start ? one.end > other.end : one.start < other.start;
}

export function judgeWords({ rules, keywords, exclude }: Rule, text: string, found: Found): WordVerdict {
  const said = judgeKeywords();
  if (said.said !== 'yes' || exclude.length === 0) return said;
  const excluded = hitOf(text, 'word', exclude, found);
  return excluded === null ? said : { said: 'excluded', hit: said.hit, excluded: excluded.hit };

  function judgeKeywords(): WordVerdict {
    const { mode } = rules;
    if (mode === 'any') {
      const hit: KeywordHit = { keyword: anyKeyword, mode, how: 'any', start: 0, end: text.length };
      const refuses = rules.skipRefusals && refusesAll(text, refusalLanguageOf(rules.language));
      return { said: refuses ? 'refused' : 'yes', hit };
    }
    if (mode === 'all') return judgeAll();
    const best = hitOf(text, mode, keywords, found);
    if (best === null) return { said: 'no', present: [], missing: keywords.map(({ keyword }) => keyword) };
    return { said: best.isRefused ? 'refused' : 'yes', hit: best.hit };
  }

  function judgeAll(): WordVerdict {
    const each = keywords.map((keyword) => ({ ...keyword, best: hitOf(text, 'all', [keyword], found) }));
    const parts = each.flatMap(({ best }) => (best === null ? [] : [best.hit]));
    const [first] = parts;
    if (first === undefined || parts.length < each.length) {
      const missing = each.filter(({ best }) => best === null);
      return {
        said: 'no',
        present: parts.map(({ keyword }) => keyword),
        missing: missing.map((of) => of.keyword),
      };
    }
    const hit: KeywordHit = {
      keyword: parts.map(({ keyword }) => keyword).join(' + '),
      mode: 'all',
      how: order.findLast((how) => parts.some((part) => part.how === how)) ?? first.how,
      start: Math.min(...parts.map(({ start }) => start)),
      end: Math.max(...parts.map(({ end }) => end)),
      parts,
    };
    return { said: each.some(({ best }) => best?.isRefused) ? 'refused' : 'yes', hit };
  }
}
