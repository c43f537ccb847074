import type { Fate } from '../intake/found.ts';
import type { Position } from './walk.ts';

/**
 * What a walk has found. Each comment within its time is one of these:
 * `found = matched + alreadyAnswered + the sum of skipped`.
 */
export interface Progress {
  /** Posts whose comments were read to the end, or as far back as wanted. */
  posts: number;
  /** Posts that the platform would not show. */
  postsRefused: number;
  /** Calls that gave a page. */
  pages: number;
  found: number;
  /** Of those found: no webhook had told of them. */
  new: number;
  /** A message answers them, `reconsidered` of them although they had been skipped when they came. */
  matched: number;
  reconsidered: number;
  /** They led to a delivery before. */
  alreadyAnswered: number;
  skipped: Record<string, number>;
  /** Entries of lists that could not be read. */
  unreadable: number;
}

export const nothingYet: Progress = {
  posts: 0,
  postsRefused: 0,
  pages: 0,
  found: 0,
  new: 0,
  matched: 0,
  reconsidered: 0,
  alreadyAnswered: 0,
  skipped: {},
  unreadable: 0,
};

/** After one page; of comments with where the walk was and where it went. */
export function withPage(
  progress: Progress,
  page: { unreadable: number },
  before?: Position,
  after?: Position,
): Progress {
  const finished = before && after && after.posts.length < before.posts.length;
  return {
    ...progress,
    pages: progress.pages + 1,
    posts: progress.posts + (finished ? 1 : 0),
    unreadable: progress.unreadable + page.unreadable,
  };
}

export function withFates(progress: Progress, fates: readonly Fate[]): Progress {
  const after = { ...progress, skipped: { ...progress.skipped } };
  for (const each of fates) {
    after.found += 1;
    if (each.isNew) after.new += 1;
    if (each.fate === 'known') after.alreadyAnswered += 1;
    else if (each.fate === 'skipped') after.skipped[each.reason] = (after.skipped[each.reason] ?? 0) + 1;
    else {
      after.matched += 1;
      if (each.reconsidered) after.reconsidered += 1;
    }
  }
  return after;
}

/** A webhook comes within seconds: one that did not come by then is missing. */
const webhookGraceMs = 5 * 60_000;
/** What is older may have been known and forgotten again, as retention says. */
const rememberedMs = 24 * 60 * 60_000;

/**
 * How many of them a webhook should have told of. It tells nothing of hidden comments, and not everywhere of the
 * account's own.
 */
export function countMissed(fates: readonly Fate[], watchedSince: Date, now: Date): number {
  const from = Math.max(watchedSince.getTime(), now.getTime() - rememberedMs);
  const until = now.getTime() - webhookGraceMs;
  return fates.filter(({ isNew, comment: { event, hidden } }) => {
    const at = event.occurredAt.getTime();
    return isNew && !hidden && !event.own && at >= from && at <= until;
  }).length;
}
