import { servingOf } from '../deliveries/serving.ts';
import { asComment } from '../records/explain.ts';
import { describeVerdict } from '../records/verdicts.ts';
import type { Frequency } from '../triggers/definition.ts';
import { compileTriggers, type MatchableTrigger, type TriggerVerdict } from '../triggers/matcher.ts';
import type { Past, PastComment } from './rehearsal-history.ts';

/** The longest text of a sample, in UTF-16 units. */
const maxSampleLength = 500;

export interface Sample {
  eventId: string;
  receivedAt: string;
  username: string | null;
  text: string;
  reason: TriggerVerdict['verdict'];
  sentence: string;
}

export interface TriggerCount {
  triggerId: string;
  name: string;
  count: number;
}

/** A comment that the trigger would have answered, without its text: there may be fifty thousand. */
export type Win = Omit<PastComment, 'text'>;

export interface Tally {
  hits: {
    total: number;
    won: number;
    outrankedBy: TriggerCount[];
    takenFrom: TriggerCount[];
    samples: Sample[];
  };
  nearMisses: { total: number; byReason: Record<string, number>; samples: Sample[] };
  misses: { total: number; samples: Sample[] };
  /** The newest first. */
  wins: Win[];
}

/**
 * Asks a trigger as if it were active, and beside it those that are.
 * @param maxSamples of each kind, the first that come
 */
export function createTally(
  trigger: MatchableTrigger,
  others: readonly MatchableTrigger[],
  maxSamples: number,
): { take(comment: PastComment): void; result(): Tally } {
  const candidate: MatchableTrigger = { ...trigger, state: 'active' };
  const alone = compileTriggers([candidate]);
  const without = compileTriggers(others);
  const together = compileTriggers([...others, candidate]);
  const outrankedBy = new Counts();
  const takenFrom = new Counts();
  const byReason: Record<string, number> = {};
  const tally: Tally = {
    hits: { total: 0, won: 0, outrankedBy: [], takenFrom: [], samples: [] },
    nearMisses: { total: 0, byReason, samples: [] },
    misses: { total: 0, samples: [] },
    wins: [],
  };

  function sample(into: Sample[], comment: PastComment, verdict: TriggerVerdict): void {
    if (into.length >= maxSamples) return;
    into.push({
      eventId: comment.id,
      receivedAt: comment.receivedAt.toISOString(),
      username: comment.authorUsername,
      text: comment.text.slice(0, maxSampleLength).toWellFormed(),
      reason: verdict.verdict,
      sentence: describeVerdict(verdict, (id) => others.find((other) => other.id === id)?.name ?? id),
    });
  }

  function takeHit(past: PastComment, verdict: TriggerVerdict & { verdict: 'fired' }): void {
    const comment = asComment({ ...past, kind: 'comment' });
    const first = together.match(comment);
    tally.hits.total += 1;
    if (first.matched && first.trigger.id !== candidate.id) {
      outrankedBy.add(first.trigger);
      sample(tally.hits.samples, past, { verdict: 'outranked', hit: verdict.hit, by: first.trigger.id });
      return;
    }
    const instead = without.match(comment);
    if (instead.matched) takenFrom.add(instead.trigger);
    tally.hits.won += 1;
    sample(tally.hits.samples, past, verdict);
    const { text: _text, ...win } = past;
    tally.wins.push(win);
  }

  return {
    take(comment) {
      const [verdict] = alone.explain(asComment({ ...comment, kind: 'comment' }));
      if (!verdict) throw new Error('a trigger that was asked gave no verdict');
      if (verdict.verdict === 'fired') return takeHit(comment, verdict);
      if (verdict.verdict === 'keyword_absent') {
        tally.misses.total += 1;
        sample(tally.misses.samples, comment, verdict);
        return;
      }
      tally.nearMisses.total += 1;
      byReason[verdict.verdict] = (byReason[verdict.verdict] ?? 0) + 1;
      sample(tally.nearMisses.samples, comment, verdict);
    },
    result() {
      tally.hits.outrankedBy = outrankedBy.list();
      tally.hits.takenFrom = takenFrom.list();
      return tally;
    },
  };
}

class Counts {
  readonly #byId = new Map<string, TriggerCount>();

  add({ id, name }: MatchableTrigger): void {
    const known = this.#byId.get(id);
    if (known) known.count += 1;
    else this.#byId.set(id, { triggerId: id, name, count: 1 });
  }

  /** The most first. */
  list(): TriggerCount[] {
    return [...this.#byId.values()].sort((a, b) => b.count - a.count);
  }
}

export interface Service {
  /** What it would have answered, after the frequency had its say; the oldest first. */
  served: Win[];
  /** Left out because the person had been served. */
  repeats: number;
  /** By the platform's id of a person: how often they would have been served. */
  timesServed: Map<string, number>;
}

const dayMs = 24 * 60 * 60_000;

/** Without a post to tell, a comment counts as one on a post of its own. */
function postOf({ id, mediaId }: Win): string {
  return mediaId ?? `comment:${id}`;
}

/** Lets the frequency decide, at the times when the comments came. */
export function serve(wins: readonly Win[], frequency: Frequency): Service {
  const servedAt = new Map<string, number>();
  const service: Service = { served: [], repeats: 0, timesServed: new Map() };
  for (const win of wins.toReversed()) {
    const { serving_scope: scope, every_days: everyDays } = servingOf(frequency, postOf(win));
    const key = `${win.authorExternalId}\n${scope}`;
    const last = servedAt.get(key);
    const atMs = win.receivedAt.getTime();
    if (scope !== null && last !== undefined && !(everyDays !== null && atMs - last >= everyDays * dayMs)) {
      service.repeats += 1;
      continue;
    }
    servedAt.set(key, atMs);
    service.served.push(win);
    service.timesServed.set(win.authorExternalId, (service.timesServed.get(win.authorExternalId) ?? 0) + 1);
  }
  return service;
}

/** Whether the trigger itself stands in the way of serving them once more now. */
export function isServedAlready(win: Win, frequency: Frequency, past: Past | undefined, now: Date): boolean {
  const { serving_scope: scope, every_days: everyDays } = servingOf(frequency, postOf(win));
  const last = scope === null ? undefined : past?.servedAt.get(scope);
  if (last === undefined) return false;
  return everyDays === null || now.getTime() - last.getTime() < everyDays * dayMs;
}
