import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import type { MessageId } from '../ids.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { MessageKind } from '../platforms/port.ts';
import { relay } from './relay.ts';
import { overdue, settle } from './settle.ts';
import { type SettledRow, storeSettlements } from './store.ts';
import { wakeGraceMs } from './wake.ts';

const tickMs = 1_000;

/** The most messages that one statement touches. */
const batchSize = 1_000;

/** The most batches that one round looks at while none of them has anything to wake. */
const maxQuietBatches = 20;

/**
 * A lease is taken to be abandoned this long after its end: for clocks that differ, and so that a sender that lives and
 * could not reach the database gets its word in first.
 */
const reapGraceMs = 60_000;

/**
 * `skip locked` lets several schedulers share the work; moving `wake_at` keeps them from doing it twice. Messages of
 * accounts that may not send are set aside until their deadline, so that nobody waits behind them; resuming the account
 * lays out its lanes anew, which brings them back: who resumes it waits until they are set aside (`account`). No message sleeps beyond its deadline.
 */
const takeDue: Statement = {
  name: 'scheduler-take-due',
  text: `
    with due as materialized (
      select id, account_id from messages
      where state = 'queued' and wake_at <= $1 and ($3 or deadline_at <= $1)
      order by wake_at limit ${batchSize} for update skip locked
    ),
    account as materialized (
      select id, state from accounts where id in (select account_id from due) order by id for share
    )
    update messages m
    set wake_at = case
      when m.deadline_at <= $1 then $2::timestamptz
      when a.state <> 'active' then m.deadline_at
      when m.due_at > $1 then least(m.due_at, m.deadline_at)
      else least($2::timestamptz, m.deadline_at) end
    from due join account a on a.id = due.account_id
    where m.id = due.id
    returning m.id, m.delivery_id, m.kind, m.reason, m.detail, m.doubted_at is not null as doubted, m.deadline_at <= $1 as overdue,
              m.due_at > m.deadline_at as too_late,
              a.state = 'active' and m.due_at <= $1 as ready`,
};

interface DueRow {
  id: string;
  delivery_id: string;
  kind: MessageKind;
  reason: string | null;
  detail: string | null;
  doubted: boolean;
  overdue: boolean;
  too_late: boolean;
  ready: boolean;
}

/** Whoever held these leases died: whether the messages left is not known. */
const takeAbandoned: Statement = {
  name: 'scheduler-take-abandoned',
  text: `
    select id, delivery_id, kind, attempts, deadline_at, doubted_at is not null as doubted, lease_token from messages
    where state = 'sending' and wake_at < $1 and lease_until < $1 order by wake_at limit ${batchSize}`,
};

interface AbandonedRow {
  id: string;
  delivery_id: string;
  kind: MessageKind;
  attempts: number;
  deadline_at: Date;
  doubted: boolean;
  lease_token: string;
}

const senderDied = {
  kind: 'unknown',
  reason: 'sender_died',
  detail: 'the process that was sending it ended before it could say what became of it',
} as const;

export interface Round {
  woken: number;
  abandoned: number;
  expired: number;
  /** Messages that got another slot. */
  relaid: number;
}

export interface Scheduler extends Loop {
  /** One round of everything; returns what it did. Never rejects: a step that fails is tried in the next round. */
  tick(): Promise<Round>;
}

/**
 * Postgres decides what is due; the scheduler tells the queue. Only what may go out now is ever in the queue: a million
 * waiting messages cost it nothing. It also makes good what a lost queue forgot, and ends what waited too long. Several
 * may run at once.
 * @param deps.queueAnswers whether it makes sense to wake anybody now
 */
export function createScheduler(deps: {
  pool: pg.Pool;
  wake: (ids: MessageId[]) => void;
  queueAnswers: () => Promise<boolean>;
  now: () => Date;
  random: () => number;
  onError: (error: unknown) => void;
}): Scheduler {
  async function takeUp(now: Date): Promise<{ woken: number; expired: number }> {
    // For a queue that is away nothing but what has ended is taken: the rest would wait for the next time round.
    const canWake = await deps.queueAnswers();
    const graceEnds = new Date(now.getTime() + wakeGraceMs);
    const values = [now, graceEnds, canWake];
    let expired = 0;
    for (let batch = 0; batch < maxQuietBatches; batch += 1) {
      const rows = await runStatement<DueRow>(deps.pool, takeDue, values);
      const late = rows.filter((row) => row.overdue);
      expired += await settleAll(late.map(toOverdue), now);
      const ready = rows.filter((row) => row.ready && !row.overdue).map((row) => row.id);
      deps.wake(ready);
      if (ready.length > 0 || rows.length < batchSize) return { woken: ready.length, expired };
    }
    return { woken: 0, expired };
  }

  async function reapAbandoned(now: Date): Promise<number> {
    const endedBefore = new Date(now.getTime() - reapGraceMs);
    const rows = await runStatement<AbandonedRow>(deps.pool, takeAbandoned, [endedBefore]);
    const settled = rows.map((row) => ({
      id: row.id,
      deliveryId: row.delivery_id,
      was: { leaseToken: row.lease_token },
      settlement: settle({ ...row, deadlineAt: row.deadline_at }, senderDied, now, deps.random),
      credentials: null,
    }));
    return settleAll(settled, now);
  }

  async function settleAll(rows: readonly SettledRow[], now: Date): Promise<number> {
    if (rows.length === 0) return 0;
    const { accepted } = await storeSettlements(deps.pool, rows, now, now);
    return accepted.size;
  }

  /** One step that fails must not keep the others from their work. */
  async function attempt<Result>(step: () => Promise<Result>, nothing: Result): Promise<Result> {
    try {
      return await step();
    } catch (error) {
      deps.onError(error);
      return nothing;
    }
  }

  async function tick(): Promise<Round> {
    const now = deps.now();
    // First: a lane that rests, or is out of order, wakes the wrong messages.
    const relaid = await attempt(() => relay(deps.pool, now), 0);
    const taken = await attempt(() => takeUp(now), { woken: 0, expired: 0 });
    return { ...taken, relaid, abandoned: await attempt(() => reapAbandoned(now), 0) };
  }

  return { tick, ...createLoop(tick, tickMs) };
}

function toOverdue(row: DueRow): SettledRow {
  const settlement = overdue({ ...row, tooLate: row.too_late });
  return { id: row.id, deliveryId: row.delivery_id, was: 'queued', settlement, credentials: null };
}
