import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import type { AlertKind } from './kinds.ts';
import { type Concern, syncAlerts } from './sync.ts';

/** Slots are reserved when messages are made, so a backlog that cannot be drained is known days before anything expires. */
const findBacklogs: Statement = {
  name: 'alerts-find-backlogs',
  text: `
    select account_id, count(*)::int as messages, min(deadline_at) as first_deadline_at
    from messages where state = 'queued' and wake_at is not null and due_at > deadline_at
    group by account_id`,
};

/** A look-up that is so late is not made at all: the account is paused. */
const overlookedMs = 60 * 60_000;

const findUnconfirmed: Statement = {
  name: 'alerts-find-unconfirmed',
  text: `
    select account_id, count(*)::int as messages
    from messages where state = 'unconfirmed' and doubted_at is not null and settled_at is null and (look_up_at is null or look_up_at < $1)
    group by account_id`,
};

const findExpiring: Statement = {
  name: 'alerts-find-expiring',
  text: `
    select id as account_id, credentials_expire_at from accounts
    where state = 'active' and credentials_expire_at < $1`,
};

/** Until a round finds none. */
const findMissing: Statement = {
  name: 'alerts-find-missing',
  text: `
    select b.account_id, b.missed
    from backfills b join accounts a on a.id = b.account_id and a.state <> 'disconnected'
    where b.kind = 'reconcile' and b.state = 'running' and b.missed > 0`,
};

/** Credentials are renewed at half their life: whatever is left this short was tried for weeks. */
const expiringMs = 7 * 24 * 60 * 60_000;

/**
 * Looks for what an owner should know.
 * @returns what is new since the last look
 */
export async function watch(pool: pg.Pool, now: Date): Promise<(Concern & { kind: AlertKind })[]> {
  const backlogs = await runStatement<{ account_id: string; messages: number; first_deadline_at: Date }>(
    pool,
    findBacklogs,
    [],
  );
  const unconfirmed = await runStatement<{ account_id: string; messages: number }>(pool, findUnconfirmed, [
    new Date(now.getTime() - overlookedMs),
  ]);
  const expiring = await runStatement<{ account_id: string; credentials_expire_at: Date }>(
    pool,
    findExpiring,
    [new Date(now.getTime() + expiringMs)],
  );
  const missing = await runStatement<{ account_id: string; missed: number }>(pool, findMissing, []);
  const concerns: Partial<Record<AlertKind, Concern[]>> = {
    backlog: backlogs.map((row) => ({
      accountId: row.account_id,
      detail: { messages: row.messages, firstDeadlineAt: row.first_deadline_at },
    })),
    unconfirmed: unconfirmed.map((row) => ({
      accountId: row.account_id,
      detail: { messages: row.messages },
    })),
    credentials_expiring: expiring.map((row) => ({
      accountId: row.account_id,
      detail: { expireAt: row.credentials_expire_at },
    })),
    webhooks_missing: missing.map((row) => ({ accountId: row.account_id, detail: { comments: row.missed } })),
  };
  const raised = [];
  for (const [name, current] of Object.entries(concerns)) {
    const kind = name as AlertKind;
    for (const concern of await syncAlerts(pool, kind, current, now)) raised.push({ kind, ...concern });
  }
  return raised;
}
