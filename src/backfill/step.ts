import type { Listing } from '../platforms/port.ts';
import type { Saved, TakenWalk } from './store.ts';
import { afterRefusal, nextCall, startOf } from './walk.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** How often in a row the platform may be out of reach before a person is asked: over an hour. */
const maxFailures = 8;

/** A round looks this far behind the one before it: lists may show a comment late. */
const overlapMs = hourMs;

export type NotGiven = Exclude<Listing<never>, { kind: 'page' }>;

/** What it means for a walk that the platform did not give the page it asked for. Pure. */
export function afterNotGiven(walk: TakenWalk, outcome: NotGiven, now: Date): Saved {
  const later = (ms: number) => new Date(now.getTime() + ms);
  const same = {
    position: walk.position,
    progress: walk.progress,
    ended: null,
    detail: outcome.detail,
    failures: walk.failures,
  };
  switch (outcome.kind) {
    case 'throttled':
      return { ...same, reason: 'throttled', nextAt: later(outcome.retryAfterMs) };
    case 'account':
      // A missing permission is no reason to stop sending. Otherwise the account is paused and the walk waits for it.
      if (outcome.reason === 'not_permitted') return giveUp(walk, 'not_permitted', outcome.detail, now);
      return { ...same, reason: outcome.reason, nextAt: now };
    case 'unavailable': {
      const failures = walk.failures + 1;
      if (failures >= maxFailures) return giveUp(walk, 'platform_unavailable', outcome.detail, now);
      const waitMs = 30 * secondMs * 2 ** (failures - 1);
      return { ...same, failures, reason: 'platform_unavailable', nextAt: later(waitMs) };
    }
    case 'refused': {
      const refused = afterRefusal(walk.position);
      if (!refused) return giveUp(walk, 'refused', outcome.detail, now);
      const { progress } = walk;
      const postsRefused = progress.postsRefused + (refused.skippedPost ? 1 : 0);
      return proceed(
        walk,
        {
          position: { ...walk.position, ...refused.position },
          progress: { ...progress, postsRefused },
          detail: outcome.detail,
        },
        now,
        now,
      );
    }
    default:
      return outcome satisfies never;
  }
}

/** Goes on, or comes to its end. */
export function proceed(
  walk: TakenWalk,
  after: Pick<Saved, 'position' | 'progress'> & { detail?: string | null },
  nextAt: Date,
  now: Date,
): Saved {
  const { position, progress, detail = null } = after;
  const going = { position, progress, ended: null, reason: null, detail, failures: 0, nextAt };
  if (nextCall(position) !== null) return going;
  if (walk.kind === 'backfill') return { ...going, ended: 'done' };
  const began = position.roundAt ? new Date(position.roundAt) : now;
  return {
    ...going,
    position: startOf([]),
    nextAt: nextRound(walk, now),
    round: { since: new Date(began.getTime() - overlapMs), missed: position.missed ?? 0 },
  };
}

/** Until a person resumes it; what begins anew by itself tries again with its next round, from as far back. */
function giveUp(walk: TakenWalk, reason: string, detail: string, now: Date): Saved {
  const { progress } = walk;
  if (walk.kind === 'backfill') {
    const { position } = walk;
    return { position, progress, ended: 'failed', reason, detail, failures: 0, nextAt: now };
  }
  const position = startOf([]);
  return { position, progress, ended: null, reason, detail, failures: 0, nextAt: nextRound(walk, now) };
}

function nextRound(walk: TakenWalk, now: Date): Date {
  return new Date(now.getTime() + (walk.reconcileEvery ?? 60) * minuteMs);
}
