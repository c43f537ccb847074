import type { TriggerDefinition, TriggerState } from './definition.ts';
import { buildKeywordIndex, type FoundPattern } from './keyword-index.ts';

/** One trigger in the version that counts. */
export interface MatchableTrigger {
  id: string;
  version: number;
  name: string;
  state: TriggerState;
  /** The higher goes first; of equals the older, that is the smaller id. */
  priority: number;
  resourceId: string;
  definition: TriggerDefinition;
}

/** What of a comment counts for matching. */
export interface MatchableComment {
  text: string;
  /** A reply to another comment. */
  isReply: boolean;
  mediaId: string | null;
}

/** Where a keyword was found: `[start, end)` in UTF-16 units of the comment's text. */
export interface KeywordHit {
  /** As the trigger spells it. */
  keyword: string;
  start: number;
  end: number;
}

/** What kept a trigger from firing although its keyword was there. */
type ScopeMiss = 'replies_not_wanted' | 'other_post';

/** Why a trigger did or did not fire. The first reason that applies: state, keyword, reply, post. */
export type TriggerVerdict =
  | { verdict: 'fired'; hit: KeywordHit }
  /** Matched, but a trigger before it had already fired. */
  | { verdict: 'outranked'; hit: KeywordHit; by: string }
  | { verdict: 'keyword_absent' }
  | { verdict: 'replies_not_wanted'; hit: KeywordHit }
  | { verdict: 'other_post'; hit: KeywordHit }
  | { verdict: 'not_active'; state: TriggerState };

/** In the order of how near it came: no trigger is active · no keyword · a reply · only the post is another. */
export type MissReason = 'no_trigger' | 'keyword_absent' | ScopeMiss;

export type MatchResult =
  | { matched: true; trigger: MatchableTrigger; hit: KeywordHit }
  /** The nearest miss of all triggers. */
  | { matched: false; reason: MissReason };

/** Triggers of one account, compiled once, matched many times. */
export interface TriggerSet {
  /** In the order of arbitration. */
  readonly triggers: readonly MatchableTrigger[];
  match(comment: MatchableComment): MatchResult;
  /** One verdict for each trigger, in the order of arbitration. */
  explain(comment: MatchableComment): Array<{ trigger: MatchableTrigger } & TriggerVerdict>;
}

interface RankedTrigger {
  trigger: MatchableTrigger;
  mediaIds: ReadonlySet<string>;
}

function byArbitration(a: MatchableTrigger, b: MatchableTrigger): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

function scopeMiss({ trigger, mediaIds }: RankedTrigger, comment: MatchableComment): ScopeMiss | null {
  if (comment.isReply && !trigger.definition.includeReplies) return 'replies_not_wanted';
  if (mediaIds.size > 0 && (comment.mediaId === null || !mediaIds.has(comment.mediaId))) return 'other_post';
  return null;
}

/** Of several keywords of one trigger the leftmost counts, and of those the longest. */
function hitOf(rank: number, found: readonly FoundPattern[]): KeywordHit | null {
  let hit: KeywordHit | null = null;
  for (const { pattern, start, end } of found) {
    const keyword = pattern.keywordByRank.get(rank);
    if (keyword === undefined) continue;
    if (hit === null || start < hit.start || (start === hit.start && end > hit.end)) {
      hit = { keyword, start, end };
    }
  }
  return hit;
}

export function compileTriggers(triggers: readonly MatchableTrigger[]): TriggerSet {
  const ranked: RankedTrigger[] = triggers
    .toSorted(byArbitration)
    .map((trigger) => ({ trigger, mediaIds: new Set(trigger.definition.mediaIds) }));

  const keywords = new Map<number, readonly string[]>();
  for (const [rank, { trigger }] of ranked.entries()) {
    if (trigger.state === 'active') keywords.set(rank, trigger.definition.keywords);
  }
  const index = buildKeywordIndex(keywords);

  return {
    triggers: ranked.map(({ trigger }) => trigger),

    match(comment) {
      if (keywords.size === 0) return { matched: false, reason: 'no_trigger' };
      const found = index.find(comment.text);
      let first = Number.POSITIVE_INFINITY;
      let reason: MissReason = 'keyword_absent';
      for (const { pattern } of found) {
        for (const rank of pattern.keywordByRank.keys()) {
          if (rank >= first) break;
          const miss = scopeMiss(ranked[rank]!, comment);
          if (miss === null) first = rank;
          else if (reason !== 'other_post') reason = miss;
        }
      }
      const winner = ranked[first];
      if (winner === undefined) return { matched: false, reason };
      return { matched: true, trigger: winner.trigger, hit: hitOf(first, found)! };
    },

    explain(comment) {
      const found = index.find(comment.text);
      let firedBy: string | null = null;

      function verdictOn(rank: number, candidate: RankedTrigger): TriggerVerdict {
        const { state, id } = candidate.trigger;
        if (state !== 'active') return { verdict: 'not_active', state };
        const hit = hitOf(rank, found);
        if (hit === null) return { verdict: 'keyword_absent' };
        const miss = scopeMiss(candidate, comment);
        if (miss !== null) return { verdict: miss, hit };
        if (firedBy !== null) return { verdict: 'outranked', hit, by: firedBy };
        firedBy = id;
        return { verdict: 'fired', hit };
      }

      return ranked.map((candidate, rank) => ({
        trigger: candidate.trigger,
        ...verdictOn(rank, candidate),
      }));
    },
  };
}
