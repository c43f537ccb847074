import { completed, type TriggerState } from './definition.ts';
import type { Occurrence, Pattern } from './findings.ts';
import { KeywordIndex } from './keyword-index.ts';
import { Listeners, type ScopeMiss, scopeMiss } from './listeners.ts';
import { hasDotlessI, type MatchLanguage, type MatchRules } from './modes.ts';
import { type NearMiss, nearMiss } from './near-miss.ts';
import {
  type Found,
  judgeWords,
  type KeywordHit,
  type MatchableComment,
  type MatchableTrigger,
  type Rule,
} from './rules.ts';

export type { KeywordHit, MatchableComment, MatchableTrigger } from './rules.ts';

/** Why a trigger did or did not fire. The first reason that applies: state, keyword, refusal, exclusion, scope. */
export type TriggerVerdict =
  | { verdict: 'fired'; hit: KeywordHit }
  /** Matched, but a trigger before it had already fired. */
  | { verdict: 'outranked'; hit: KeywordHit; by: string }
  /** `present` of the mode `all`, where only some were there; `near` where a keyword nearly was. */
  | { verdict: 'keyword_absent'; present: string[]; near: NearMiss | null }
  /** The comment refuses what it names: please don’t send me the guide. */
  | { verdict: 'keyword_refused'; hit: KeywordHit }
  | { verdict: 'excluded_word'; hit: KeywordHit; excluded: KeywordHit }
  | { verdict: ScopeMiss; hit: KeywordHit }
  | { verdict: 'not_active'; state: TriggerState };

/** In the order of how near it came. */
export const missReasons = [
  'no_trigger',
  'keyword_absent',
  'keyword_refused',
  'excluded_word',
  'door_closed',
  'replies_not_wanted',
  'other_post',
  'outside_dates',
  'outside_hours',
] as const;
export type MissReason = (typeof missReasons)[number];

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

function byArbitration(a: MatchableTrigger, b: MatchableTrigger): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

/** Whether a comment that both would answer is answered by `one`. */
export function comesFirst(one: MatchableTrigger, other: MatchableTrigger): boolean {
  return byArbitration(one, other) < 0;
}

function nearer(one: MissReason, other: MissReason): MissReason {
  return missReasons.indexOf(one) > missReasons.indexOf(other) ? one : other;
}

const nothing: Found = new Map();
const everyPost: ReadonlySet<string> = new Set();

/** Each takes about as long as matching the comment against a hundred triggers. */
const maxNearMisses = 50;

const excludeRules = { mode: 'word', typos: false, skipRefusals: false } as const;

type Outcome = { miss: null; hit: KeywordHit } | { miss: Exclude<MissReason, 'no_trigger'> };

/** A rule of which the comment says enough to ask it. */
function outcomeOf(rule: Rule, comment: MatchableComment, found: Found): Outcome {
  const words = judgeWords(rule, comment.text, found);
  if (words.said === 'no') return { miss: 'keyword_absent' };
  if (words.said === 'refused') return { miss: 'keyword_refused' };
  if (words.said === 'excluded') return { miss: 'excluded_word' };
  const miss: ScopeMiss | null = scopeMiss(rule, comment);
  return miss === null ? { miss, hit: words.hit } : { miss };
}

export function compileTriggers(triggers: readonly MatchableTrigger[]): TriggerSet {
  const ordered = triggers.toSorted(byArbitration);
  const { active, indexes, listeners, always } = compileRules(ordered);

  function findIn(text: string): Found {
    let found: Map<Pattern, Occurrence> | null = null;
    for (const index of indexes) {
      for (const each of index.find(text)) {
        found ??= new Map();
        found.set(each.pattern, each);
      }
    }
    return found ?? nothing;
  }

  return {
    triggers: ordered,

    match(comment) {
      if (active.size === 0) return { matched: false, reason: 'no_trigger' };
      const { text } = comment;
      const found = findIn(text);
      if (found.size === 0 && always.length === 0) return { matched: false, reason: 'keyword_absent' };
      let reason: MissReason = 'keyword_absent';
      let winner: Rule | null = null;
      const asked = new Set<Rule>();
      const ask = (careful: readonly Rule[]) => {
        for (const rule of careful) {
          if (winner !== null && rule.rank > winner.rank) break;
          if (asked.has(rule)) continue;
          asked.add(rule);
          const { miss } = outcomeOf(rule, comment, found);
          if (miss === null) winner = rule;
          else reason = nearer(miss, reason);
        }
      };
      for (const { pattern, isRefused } of found.values()) {
        const heard = listeners[pattern.place];
        if (heard === undefined) continue;
        if (isRefused) {
          if (heard.hasSimple) reason = nearer('keyword_refused', reason);
        } else {
          const first = heard.first(comment);
          if (first !== null && typeof first !== 'string') {
            if (winner === null || first.rank < winner.rank) winner = first;
          } else if (first !== null) reason = nearer(first, reason);
        }
        if (heard.careful.length > 0) ask(heard.careful);
      }
      if (always.length > 0) ask(always);
      if (winner === null) return { matched: false, reason };
      const { trigger }: Rule = winner;
      const outcome = outcomeOf(winner, comment, found);
      if (outcome.miss !== null) throw new Error(`trigger ${trigger.id} was found to match and does not`);
      return { matched: true, trigger, hit: outcome.hit };
    },

    explain(comment) {
      const found = findIn(comment.text);
      let firedBy: string | null = null;
      let looked = 0;

      function verdictOn(trigger: MatchableTrigger): TriggerVerdict {
        const rule = active.get(trigger);
        if (rule === undefined) return { verdict: 'not_active', state: trigger.state };
        const words = judgeWords(rule, comment.text, found);
        if (words.said === 'no') {
          const near = looked < maxNearMisses ? nearMiss(comment.text, rule.rules, words.missing) : null;
          looked += 1;
          return { verdict: 'keyword_absent', present: words.present, near };
        }
        const { hit } = words;
        if (words.said === 'refused') return { verdict: 'keyword_refused', hit };
        if (words.said === 'excluded') return { verdict: 'excluded_word', hit, excluded: words.excluded };
        const miss = scopeMiss(rule, comment);
        if (miss !== null) return { verdict: miss, hit };
        if (firedBy !== null) return { verdict: 'outranked', hit, by: firedBy };
        firedBy = trigger.id;
        return { verdict: 'fired', hit };
      }

      return ordered.map((trigger) => ({ trigger, ...verdictOn(trigger) }));
    },
  };
}

function compileRules(ordered: readonly MatchableTrigger[]) {
  const byLetters = new Map<boolean, KeywordIndex>();
  const indexFor = (language: MatchLanguage | null) => {
    const index = byLetters.get(hasDotlessI(language)) ?? new KeywordIndex(language);
    byLetters.set(hasDotlessI(language), index);
    return index;
  };
  const active = new Map<MatchableTrigger, Rule>();
  const listeners: Listeners[] = [];
  const always: Rule[] = [];

  for (const [rank, trigger] of ordered.entries()) {
    if (trigger.state !== 'active') continue;
    const definition = completed(trigger.definition);
    const rules: MatchRules = definition;
    const { activeFrom, activeUntil, activeHours, doors } = definition;
    const index = indexFor(rules.language);
    const compile = (keywords: readonly string[], under: Parameters<KeywordIndex['add']>[1]) =>
      keywords.map((keyword) => ({ keyword, patterns: index.add(keyword, under) }));
    const rule: Rule = {
      rank,
      trigger,
      rules,
      takesReplies: definition.includeReplies,
      mediaIds: definition.mediaIds.length === 0 ? everyPost : new Set(definition.mediaIds),
      doors,
      schedule: activeFrom || activeUntil || activeHours ? { activeFrom, activeUntil, activeHours } : null,
      keywords: rules.mode === 'any' ? [] : compile(rules.keywords, rules),
      exclude: compile(rules.exclude, { ...excludeRules, language: rules.language }),
    };
    active.set(trigger, rule);
    if (rules.mode === 'any') always.push(rule);
    const patterns = rule.keywords.flatMap((keyword) => keyword.patterns);
    for (const pattern of patterns.length === 1 ? patterns : new Set(patterns)) {
      if (pattern.place === -1) pattern.place = listeners.push(new Listeners()) - 1;
      listeners[pattern.place]!.add(rule);
    }
  }
  const indexes = [...byLetters.values()];
  for (const index of indexes) index.link();
  return { active, indexes, listeners, always };
}
