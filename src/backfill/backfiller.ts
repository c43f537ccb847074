import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { inPoolTransaction } from '../db/pool.ts';
import { type OpenAccount, type OpenedAccount, openAccount } from '../deliveries/account.ts';
import { pauseAccount } from '../deliveries/pause-account.ts';
import type { MessageId } from '../ids.ts';
import type { FoundIntake } from '../intake/found.ts';
import type { Finder } from '../intake/judge-found.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { ListedComment, Listing, PlatformAdapter, Post } from '../platforms/port.ts';
import { restLane, takePermit } from './permit.ts';
import { countMissed, withFates, withPage } from './progress.ts';
import { afterNotGiven, proceed } from './step.ts';
import { type Saved, saveStep, type TakenWalk, takeWalks } from './store.ts';
import { afterComments, afterPosts, type Call, nextCall } from './walk.ts';

const pauseMs = 1_000;

/** Few at a time: each holds a database connection while it stores a page. */
const maxWalks = 3;

/** For how long a walk belongs to the process that took it, beyond what a call can take. */
const leaseMarginMs = 15_000;

/** How long a walk waits that this process cannot serve: another one may. */
const elsewhereMs = 60_000;

export interface WalkReport {
  backfillId: string;
  accountId: string;
  kind: TakenWalk['kind'];
  call: Call['kind'];
  outcome: Listing<never>['kind'];
  /** How it goes on: `going`, or how it ended. */
  state: 'going' | 'done' | 'failed' | 'taken_over';
  detail: string | null;
}

export interface Backfiller extends Loop {
  /** One step of each walk that is due; returns how many. Never rejects. */
  tick(): Promise<number>;
}

/** Another process walks on from where this step began: it will find what this one found. */
class TakenOver extends Error {}

type Opened = Extract<OpenedAccount, { ok: true }>;
type Page = { call: 'posts'; listing: Listing<Post> } | { call: 'comments'; listing: Listing<ListedComment> };

/**
 * Walks through posts for comments that are not known yet, a page at a time. What a page leads to and where the walk is
 * after it are one commit: if we die before it, the page is read again by whoever takes over; after it, never. Several
 * processes may run it at once.
 */
export function createBackfiller(deps: {
  pool: pg.Pool;
  open: OpenAccount;
  found: FoundIntake;
  wake: (ids: MessageId[]) => void;
  report: (report: WalkReport) => void;
  now: () => Date;
  onError: (error: unknown) => void;
}): Backfiller {
  const { pool } = deps;

  async function round(): Promise<number> {
    const now = deps.now();
    const longestMs = Math.max(0, ...deps.open.adapters().map((adapter) => adapter.listTimeoutMs));
    const lease = { token: randomUUID(), until: new Date(now.getTime() + longestMs + leaseMarginMs) };
    const walks = await takeWalks(pool, lease, maxWalks, now);
    await Promise.all(walks.map((walk) => stepSafely(walk, lease.token)));
    return walks.length;
  }

  /** A page that we cannot store must not be tried again and again at once; nor for ever. */
  async function stepSafely(walk: TakenWalk, token: string): Promise<void> {
    try {
      await step(walk, token);
    } catch (error) {
      deps.onError(error);
      const now = deps.now();
      const failed = { kind: 'unavailable' as const, detail: 'the page could not be stored' };
      await saveStep(pool, walk.id, token, afterNotGiven(walk, failed, now), now).catch(deps.onError);
    }
  }

  async function step(walk: TakenWalk, token: string): Promise<void> {
    const now = deps.now();
    const account = openAccount(deps.open, walk.account);
    if (!account.ok) {
      await wait(walk, token, new Date(now.getTime() + elsewhereMs), account);
      return;
    }
    const call = nextCall(walk.position);
    if (!call) {
      await saveStep(pool, walk.id, token, proceed(walk, walk, now, now), now);
      return;
    }
    const { pace } = account.adapter.capabilities.listing;
    const freeAt = await takePermit(pool, walk.account.id, pace, now);
    if (freeAt) await wait(walk, token, freeAt, { reason: null, detail: null });
    else await walkOn(begun(walk, now), token, account, call);
  }

  /** The walk stays where it is. */
  async function wait(
    { id, position, progress, failures }: TakenWalk,
    token: string,
    nextAt: Date,
    why: { reason: string | null; detail: string | null },
  ): Promise<void> {
    const { reason, detail } = why;
    await saveStep(
      pool,
      id,
      token,
      { position, progress, failures, ended: null, reason, detail, nextAt },
      deps.now(),
    );
  }

  async function walkOn(walk: TakenWalk, token: string, account: Opened, call: Call): Promise<void> {
    const page = await ask(account, call);
    const done = await inPoolTransaction(pool, async (client) => {
      const result = await take(client, walk, account, page);
      if (!(await saveStep(client, walk.id, token, result.saved, deps.now()))) throw new TakenOver();
      return result;
    }).catch((error: unknown) => {
      if (error instanceof TakenOver) return null;
      throw error;
    });
    if (done) deps.wake(done.ready);
    deps.report({
      backfillId: walk.id,
      accountId: walk.account.id,
      kind: walk.kind,
      call: call.kind,
      outcome: page.listing.kind,
      state: done ? (done.saved.ended ?? 'going') : 'taken_over',
      detail: done?.saved.detail ?? null,
    });
  }

  /** An adapter does not throw; should it, nothing was learned. */
  async function ask({ adapter, sending }: Opened, call: Call): Promise<Page> {
    const failed = (error: unknown) => {
      deps.onError(error);
      return { kind: 'unavailable' as const, detail: 'the list could not be asked for' };
    };
    return call.kind === 'posts'
      ? { call: 'posts', listing: await adapter.listPosts(sending, call.cursor).catch(failed) }
      : {
          call: 'comments',
          listing: await adapter.listComments(sending, call.postId, call.cursor).catch(failed),
        };
  }

  async function take(
    client: pg.PoolClient,
    walk: TakenWalk,
    { adapter }: Opened,
    { call, listing }: Page,
  ): Promise<{ saved: Saved; ready: MessageId[] }> {
    const now = deps.now();
    const { pace } = adapter.capabilities.listing;
    const restUntil = (ms: number) => new Date(now.getTime() + ms);
    if (listing.kind !== 'page') {
      if (listing.kind === 'throttled') {
        await restLane(client, walk.account.id, pace, restUntil(listing.retryAfterMs));
      }
      if (listing.kind === 'account' && listing.reason !== 'not_permitted') {
        await pauseAccount(client, walk.account, listing, now);
      }
      return { saved: afterNotGiven(walk, listing, now), ready: [] };
    }
    if (listing.restMs > 0) await restLane(client, walk.account.id, pace, restUntil(listing.restMs));
    const nextAt = restUntil(listing.restMs);
    const { position } = walk;
    if (call === 'posts') {
      const after = { ...position, ...afterPosts(position, listing, walk.latestPosts) };
      const progress = withPage(walk.progress, listing);
      return { saved: proceed(walk, { position: after, progress }, nextAt, now), ready: [] };
    }
    const since = sinceOf(walk, adapter, now);
    const inTime = listing.items.filter(({ event }) => event.occurredAt >= since);
    const { fates, ready } = await deps.found.take(client, adapter, inTime, finderOf(walk));
    const walked = afterComments(position, listing, since);
    const after = {
      ...position,
      ...walked,
      missed: (position.missed ?? 0) + countMissed(fates, walk.createdAt, now),
    };
    const progress = withFates(withPage(walk.progress, listing, position, walked), fates);
    return { saved: proceed(walk, { position: after, progress }, nextAt, now), ready };
  }

  async function tick(): Promise<number> {
    try {
      return await round();
    } catch (error) {
      deps.onError(error);
      return 0;
    }
  }

  return { tick, ...createLoop(tick, pauseMs) };
}

/** A round after a long pause does not look for what can no longer be answered. */
function sinceOf({ kind, since }: TakenWalk, { capabilities }: PlatformAdapter, now: Date): Date {
  const earliest = now.getTime() - capabilities.listing.windowMs;
  return kind === 'backfill' ? since : new Date(Math.max(since.getTime(), earliest));
}

/** The first step of a round notes when it began. */
function begun(walk: TakenWalk, now: Date): TakenWalk {
  const { position } = walk;
  if (walk.kind !== 'reconcile' || position.roundAt) return walk;
  return { ...walk, position: { ...position, roundAt: now.toISOString() } };
}

function finderOf({ id, kind, triggerId, account }: TakenWalk): Finder {
  return { id, accountId: account.id, by: kind, triggerId, reconsiders: kind === 'backfill' };
}
