import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import type { SealedAccount } from '../deliveries/account.ts';
import type { TriggerId } from '../ids.ts';
import type { Progress } from './progress.ts';
import type { Position } from './walk.ts';

/** What a walk keeps of itself between two steps. */
export interface WalkState {
  position: Position & RoundState;
  progress: Progress;
}

/** Of a walk that begins anew again and again. */
export interface RoundState {
  /** When the present round began; null before its first step. */
  roundAt?: string | null;
  /** How many comments it found so far whose webhooks should have come. */
  missed?: number;
}

/** A walk whose next step is this process's. */
export interface TakenWalk extends WalkState {
  id: string;
  kind: 'backfill' | 'reconcile';
  triggerId: TriggerId | null;
  mediaIds: string[];
  latestPosts: number;
  since: Date;
  failures: number;
  createdAt: Date;
  /** In minutes. */
  reconcileEvery: number | null;
  account: SealedAccount;
}

/**
 * A lease keeps others from the same walk; what is done under it counts only while it holds (`saveStatement`). A walk
 * whose account is not active waits for it.
 */
const takeStatement: Statement = {
  name: 'backfill-take',
  text: `
    with due as materialized (
      select b.id
      from backfills b join accounts a on a.id = b.account_id and a.state = 'active'
      where b.state = 'running' and b.next_at <= $1 and (b.lease_until is null or b.lease_until <= $1)
      order by b.next_at limit $4 for update of b skip locked
    )
    update backfills b
    set lease_token = $2, lease_until = $3
    from due, accounts a
    where b.id = due.id and a.id = b.account_id
    returning b.id, b.kind, b.trigger_id as "triggerId", b.media_ids as "mediaIds", b.latest_posts as "latestPosts",
              b.since, b.position, b.progress, b.failures, b.created_at as "createdAt",
              a.reconcile_every as "reconcileEvery", a.id as "accountId", a.platform,
              a.external_id as "externalId", a.credentials, a.credentials_key_id as "credentialsKeyId"`,
};

type TakenRow = Omit<TakenWalk, 'account'> & Omit<SealedAccount, 'id'> & { accountId: string };

export async function takeWalks(
  pool: pg.Pool,
  lease: { token: string; until: Date },
  limit: number,
  now: Date,
): Promise<TakenWalk[]> {
  const values = [now, lease.token, lease.until, limit];
  const rows = await runStatement<TakenRow>(pool, takeStatement, values);
  return rows.map(({ accountId, platform, externalId, credentials, credentialsKeyId, ...walk }) => ({
    ...walk,
    account: { id: accountId, platform, externalId, credentials, credentialsKeyId },
  }));
}

/** How a step ended. */
export interface Saved extends WalkState {
  /** null goes on. */
  ended: 'done' | 'failed' | null;
  reason: string | null;
  detail: string | null;
  failures: number;
  nextAt: Date;
  /** Of a round that came to its end: from when on the next one looks, and what this one had missed. */
  round?: { since: Date; missed: number };
}

/** Somebody may have paused or stopped it meanwhile: what was done counts, and the walk stays as they said. */
const saveStatement: Statement = {
  name: 'backfill-save',
  text: `
    update backfills
    set position = $3, progress = $4, reason = $6, detail = $7, failures = $8, next_at = $9, updated_at = $10,
        state = case when $5::text is null or state = 'stopped' then state else $5 end,
        finished_at = case when $5 = 'done' then coalesce(finished_at, $10) else finished_at end,
        since = coalesce($11, since), missed = coalesce($12, missed),
        lease_token = null, lease_until = null
    where id = $1 and lease_token = $2
    returning id`,
};

/** @returns whether the lease held: if not, another process has taken the walk over and nothing of this step may count */
export async function saveStep(
  db: pg.Pool | pg.ClientBase,
  id: string,
  leaseToken: string,
  saved: Saved,
  now: Date,
): Promise<boolean> {
  const { position, progress, ended, reason, detail, failures, nextAt, round } = saved;
  const rows = await runStatement(db, saveStatement, [
    id,
    leaseToken,
    JSON.stringify(position),
    JSON.stringify(progress),
    ended,
    reason,
    detail,
    failures,
    nextAt,
    now,
    round?.since ?? null,
    round?.missed ?? null,
  ]);
  return rows.length === 1;
}
