import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countMissed, nothingYet, withFates } from '../../src/backfill/progress.ts';
import { afterNotGiven, proceed } from '../../src/backfill/step.ts';
import type { TakenWalk } from '../../src/backfill/store.ts';
import { afterComments, afterPosts, afterRefusal, nextCall, startOf } from '../../src/backfill/walk.ts';
import type { Fate } from '../../src/intake/found.ts';
import type { ListedComment } from '../../src/platforms/port.ts';
import { aComment } from '../support/platform.ts';

const now = new Date('2026-11-25T12:00:00Z');
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const ago = (ms: number) => new Date(now.getTime() - ms);
const listed = (occurredAt: Date, hidden = false): ListedComment => ({
  event: { ...aComment('17841'), occurredAt },
  hidden,
});
const post = (id: string, comments: number | null = 1) => ({ id, publishedAt: null, comments });

describe('the order of calls', () => {
  it('visits each page of each post once, whatever the pages are like', () => {
    const pages = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(fc.array(fc.array(pages, { maxLength: 4 }), { minLength: 1, maxLength: 4 }), (lists) => {
        const seen: string[] = [];
        let at = startOf([]);
        for (let call = nextCall(at); call; call = nextCall(at)) {
          if (call.kind === 'posts') {
            const list = Number(call.cursor ?? 0);
            const items = (lists[list] as number[]).map((_, index) => post(`${list}.${index}`));
            at = afterPosts(at, { items, cursor: list + 1 < lists.length ? String(list + 1) : null }, 100);
            continue;
          }
          const page = Number(call.cursor ?? 0);
          seen.push(`${call.postId}/${page}`);
          const [list, index] = call.postId.split('.').map(Number) as [number, number];
          const last = page + 1 >= (lists[list]?.[index] ?? 0);
          at = afterComments(
            at,
            { items: [listed(now)], cursor: last ? null : String(page + 1) },
            ago(hourMs),
          );
        }
        const wanted = lists.flatMap((posts, list) =>
          posts.flatMap((count, index) =>
            Array.from({ length: count }, (_, page) => `${list}.${index}/${page}`),
          ),
        );
        expect(seen).toEqual(wanted);
      }),
    );
  });

  it('stops at so many posts, and skips those without comments', () => {
    const at = afterPosts(
      startOf([]),
      { items: [post('a'), post('b', 0), post('c', null), post('d')], cursor: 'more' },
      3,
    );
    expect([at.posts, at.listing]).toEqual([['a', 'c'], false]);
  });

  it('leaves a post where a whole page is too old, and not for one old comment at its top', () => {
    const at = startOf(['a', 'b']);
    const old = listed(ago(2 * hourMs));
    const pinned = afterComments(at, { items: [old, listed(now)], cursor: 'next' }, ago(hourMs));
    expect(nextCall(pinned)).toEqual({ kind: 'comments', postId: 'a', cursor: 'next' });
    expect(nextCall(afterComments(at, { items: [old], cursor: 'next' }, ago(hourMs)))).toMatchObject({
      postId: 'b',
    });
    // An empty page with a next one happens.
    expect(nextCall(afterComments(at, { items: [], cursor: 'next' }, ago(hourMs)))).toMatchObject({
      postId: 'a',
    });
  });

  it('begins a post anew once when its cursor is refused, and passes over it when that does not help', () => {
    const at = { ...startOf(['a', 'b']), cursor: 'outdated' };
    const anew = afterRefusal(at);
    expect(anew).toMatchObject({ skippedPost: false, position: { posts: ['a', 'b'], cursor: null } });
    const again = afterRefusal({ ...anew!.position, cursor: 'refused as well' });
    expect(again).toMatchObject({ skippedPost: true, position: { posts: ['b'], begunAnew: false } });
    expect(afterRefusal(startOf([]))).toBeNull();
  });
});

describe('a step that got no page', () => {
  const walk: TakenWalk = {
    id: 'w',
    kind: 'backfill',
    triggerId: null,
    mediaIds: [],
    latestPosts: 25,
    since: ago(hourMs),
    failures: 0,
    createdAt: ago(hourMs),
    reconcileEvery: null,
    position: startOf(['a']),
    progress: nothingYet,
    account: { id: 'a', platform: 'p', externalId: 'e', credentials: Buffer.alloc(0), credentialsKeyId: 'k' },
  };
  const waits = (saved: { nextAt: Date }) => saved.nextAt.getTime() - now.getTime();

  it('waits twice as long each time the platform cannot be asked, and after an hour asks a person', () => {
    const seen: number[] = [];
    for (let failures = 0; ; failures += 1) {
      const saved = afterNotGiven({ ...walk, failures }, { kind: 'unavailable', detail: 'away' }, now);
      if (saved.ended === 'failed') break;
      seen.push(waits(saved) / 1000);
    }
    expect(seen).toEqual([30, 60, 120, 240, 480, 960, 1920]);
  });

  it('waits as long as it is told, which is no failure', () => {
    const saved = afterNotGiven(
      { ...walk, failures: 3 },
      { kind: 'throttled', retryAfterMs: 5_000, detail: '' },
      now,
    );
    expect([waits(saved), saved.failures, saved.ended]).toEqual([5_000, 3, null]);
  });

  it('of an account’s own look is tried again with the next round, from as far back', () => {
    const own: TakenWalk = { ...walk, kind: 'reconcile', reconcileEvery: 15, failures: 7 };
    const saved = afterNotGiven(own, { kind: 'unavailable', detail: 'away' }, now);
    expect([waits(saved), saved.ended, saved.round]).toEqual([15 * minuteMs, null, undefined]);
  });

  it('at the end of a round sets where the next one begins: an hour before this one did', () => {
    const own: TakenWalk = { ...walk, kind: 'reconcile', reconcileEvery: 15 };
    const position = { ...startOf([]), listing: false, roundAt: ago(2 * minuteMs).toISOString(), missed: 2 };
    const saved = proceed(own, { position, progress: nothingYet }, now, now);
    expect(saved).toMatchObject({ ended: null, round: { since: ago(hourMs + 2 * minuteMs), missed: 2 } });
    expect(saved.position).toEqual(startOf([]));
  });
});

describe('what was found', () => {
  const fate = (given: Partial<Fate>, comment = listed(now)) => ({ comment, ...given }) as Fate;

  it('is counted as one thing each', () => {
    const fates = [
      fate({ fate: 'matched', isNew: true, reconsidered: false }),
      fate({ fate: 'matched', isNew: false, reconsidered: true }),
      fate({ fate: 'known', isNew: false }),
      fate({ fate: 'skipped', isNew: true, reason: 'own_comment' }),
      fate({ fate: 'skipped', isNew: false, reason: 'own_comment' }),
    ];
    const progress = withFates(withFates(nothingYet, fates), fates);
    expect(progress).toMatchObject({
      found: 10,
      new: 4,
      matched: 4,
      reconsidered: 2,
      alreadyAnswered: 2,
      skipped: { own_comment: 4 },
    });
    expect(nothingYet.skipped).toEqual({});
  });

  it('is missed where a webhook should have told of it: not a moment ago, not before we watched, not hidden', () => {
    const isNew = { fate: 'skipped', isNew: true, reason: 'keyword_absent' } as const;
    const missed = (comment: ListedComment, watchedSince = ago(48 * hourMs), given: Partial<Fate> = isNew) =>
      countMissed([fate(given, comment)], watchedSince, now);
    expect(missed(listed(ago(6 * minuteMs)))).toBe(1);
    expect(missed(listed(ago(4 * minuteMs)))).toBe(0);
    expect(missed(listed(ago(25 * hourMs)))).toBe(0);
    expect(missed(listed(ago(hourMs)), ago(30 * minuteMs))).toBe(0);
    expect(missed(listed(ago(hourMs), true))).toBe(0);
    expect(missed(listed(ago(hourMs)), ago(48 * hourMs), { fate: 'known', isNew: false })).toBe(0);
  });
});
