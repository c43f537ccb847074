import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import type { MessageId } from '../ids.ts';
import type { MessageKind } from '../platforms/port.ts';
import { ended, settle } from './settle.ts';
import { type SettledRow, storeSettlements } from './store.ts';
import { wakeGraceMs } from './wake.ts';

const tickMs = 1_000;

/** The most messages that one statement touches. */
const batchSize = 1_000;

/** How long messages of an account that may not send are set aside, unless it is resumed. */
const parkedMs = 60 * 60_000;

/** The most batches of messages of paused accounts that one round sets aside. */
const maxParkingBatches = 20;

/**
 * A lease is taken to be abandoned this long after its end: for clocks that differ, and so that a sender that lives and
 * could not reach the database gets its word in first.
 */
const reapGraceMs = 60_000;

/**
 * `skip locked` lets several schedulers share the work; moving `wake_at` keeps them from doing it twice. Messages of
 * accounts that may not send are parked, so that nobody waits behind them; resuming the account brings them back.
 */
const takeDue: Statement = {
  name: 'scheduler-take-due',
  text: `
    with due as materialized (
      select id, account_id from messages where state = 'queued' and wake_at <= $1
      order by wake_at limit ${batchSize} for update skip locked
    )
    update messages m
    set wake_at = case a.state when 'active' then $2::timestamptz else $3::timestamptz end
    from due join accounts a on a.id = due.account_id
    where m.id = due.id
    returning m.id, a.state = 'active' as active`,
};

/** Whoever held these leases died: whether the messages left is not known. */
const takeAbandoned: Statement = {
  name: 'scheduler-take-abandoned',
  text: `
    select id, kind, attempts, deadline_at, lease_token from messages
    where state = 'sending' and lease_until < $1 order by lease_until limit ${batchSize}`,
};

const takeOverdue: Statement = {
  name: 'scheduler-take-overdue',
  text: `
    select id, kind, reason, detail from messages
    where state = 'queued' and deadline_at <= $1 order by deadline_at limit ${batchSize}`,
};

interface MessageRow {
  id: string;
  kind: MessageKind;
}

interface AbandonedRow extends MessageRow {
  attempts: number;
  deadline_at: Date;
  lease_token: string;
}

const senderDied = {
  kind: 'unknown',
  reason: 'sender_died',
  detail: 'the process that was sending it ended before it could say what became of it',
} as const;

export interface Scheduler {
  /** One round of everything; returns what it did. Never rejects: a step that fails is tried in the next round. */
  tick(): Promise<{ woken: number; abandoned: number; expired: number }>;
  start(): void;
  /** Resolves when the round under way has ended. */
  stop(): Promise<void>;
}

/**
 * Postgres decides what is due; the scheduler tells the queue. It makes good what a lost queue forgot, and ends what
 * waited too long. Several may run at once.
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
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> | undefined;
  let stopped = false;

  async function wakeDue(now: Date): Promise<number> {
    if (!(await deps.queueAnswers())) return 0;
    const values = [now, new Date(now.getTime() + wakeGraceMs), new Date(now.getTime() + parkedMs)];
    for (let batch = 0; batch < maxParkingBatches; batch += 1) {
      const rows = await runStatement<{ id: string; active: boolean }>(deps.pool, takeDue, values);
      const awake = rows.filter((row) => row.active).map((row) => row.id);
      deps.wake(awake);
      if (awake.length > 0 || rows.length < batchSize) return awake.length;
    }
    return 0;
  }

  async function reapAbandoned(now: Date): Promise<number> {
    const endedBefore = new Date(now.getTime() - reapGraceMs);
    const rows = await runStatement<AbandonedRow>(deps.pool, takeAbandoned, [endedBefore]);
    const settled = rows.map((row) => ({
      id: row.id,
      leaseToken: row.lease_token,
      settlement: settle({ ...row, deadlineAt: row.deadline_at }, senderDied, now, deps.random),
      credentials: null,
    }));
    return settleAll(settled, now);
  }

  async function expireOverdue(now: Date): Promise<number> {
    const rows = await runStatement<MessageRow & { reason: string | null; detail: string | null }>(
      deps.pool,
      takeOverdue,
      [now],
    );
    const settled = rows.map((row) => ({
      id: row.id,
      leaseToken: null,
      settlement: ended(
        row,
        'expired',
        row.reason ?? 'window_closed',
        row.detail ?? 'it was not sent in time',
      ),
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
  async function attempt(step: (now: Date) => Promise<number>, now: Date): Promise<number> {
    try {
      return await step(now);
    } catch (error) {
      deps.onError(error);
      return 0;
    }
  }

  async function tick(): ReturnType<Scheduler['tick']> {
    const now = deps.now();
    return {
      expired: await attempt(expireOverdue, now),
      woken: await attempt(wakeDue, now),
      abandoned: await attempt(reapAbandoned, now),
    };
  }

  async function loop(): Promise<void> {
    running = tick();
    await running;
    if (!stopped) timer = setTimeout(loop, tickMs);
  }

  return {
    tick,
    start: () => void loop(),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
