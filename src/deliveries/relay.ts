import type pg from 'pg';
import { inPoolTransaction, runStatement, type Statement } from '../db/pool.ts';
import { layOut } from './lay-out.ts';

/** The most lanes of one round. */
const lanesPerRound = 20;

const rowsPerUpdate = 1_000;

/** `skip locked`: another process is at it. Without an active account there is nothing to lay out. */
const takeLane: Statement = {
  name: 'relay-take-lane',
  text: `
    select p.account_id, p.pace, p.per_hour, p.burst, p.used_until, p.rest_until
    from account_paces p join accounts a on a.id = p.account_id and a.state = 'active'
    where p.relay_at <= $1
    order by p.relay_at limit 1 for no key update of p skip locked`,
};

interface LaneRow {
  account_id: string;
  pace: string;
  per_hour: number;
  burst: number;
  used_until: Date;
  rest_until: Date | null;
}

const readWaiting: Statement = {
  name: 'relay-read-waiting',
  text: `
    select id, due_at, wake_at, deadline_at, not_before from messages
    where account_id = $1 and pace = $2 and wake_at is not null and state = 'queued'`,
};

interface WaitingRow {
  id: string;
  due_at: Date;
  wake_at: Date;
  deadline_at: Date;
  not_before: Date | null;
}

const moveLane: Statement = {
  name: 'relay-move-lane',
  text: `
    update account_paces set relay_at = $5, next_slot_at = $3, last_deadline_at = $4
    where account_id = $1 and pace = $2`,
};

const moveMessages: Statement = {
  name: 'relay-move-messages',
  text: `
    update messages m
    set due_at = greatest(x.due_at, m.not_before),
        wake_at = least(greatest(x.due_at, m.not_before), m.deadline_at)
    from json_to_recordset($1::json) as x(id uuid, due_at timestamptz)
    where m.id = x.id and m.id = any($2::uuid[]) and m.state = 'queued'`,
};

/** Whoever asked meanwhile, or took the lane over, changed the time: then it is laid out once more. */
const finishLane: Statement = {
  name: 'relay-finish-lane',
  text: `
    update account_paces set relay_at = case when relay_at = $3 then null else least(relay_at, $4) end
    where account_id = $1 and pace = $2`,
};

const postponeLane: Statement = {
  name: 'relay-postpone-lane',
  text: `update account_paces set relay_at = $3 where account_id = $1 and pace = $2`,
};

/** So long a lane belongs to the process that lays it out; should that die, another begins anew after it. */
const leaseMs = 60_000;

/** A lane that could not be laid out lets the others go first. */
const troubleMs = 30_000;

/**
 * Lays out the lanes anew that ask for it. A lane is locked only while it is read and its next slot is set, so that
 * intake does not wait while thousands of messages are moved; a message that is claimed meanwhile keeps its slot. Until
 * all are moved the lane goes on asking, from the end of a lease: messages that were set aside are woken by nothing else.
 * @returns how many messages got another slot
 * @throws the first error, after the other lanes had their turn
 */
export async function relay(pool: pg.Pool, now: Date): Promise<number> {
  const leaseUntil = new Date(now.getTime() + leaseMs);
  const errors: unknown[] = [];
  let moved = 0;
  for (let count = 0; count < lanesPerRound; count += 1) {
    let key: LaneKey | undefined;
    try {
      const changed = await layOutOne(pool, now, leaseUntil, (taken) => {
        key = taken;
      });
      if (!changed || !key) break;
      for (let from = 0; from < changed.length; from += rowsPerUpdate) {
        const batch = changed.slice(from, from + rowsPerUpdate);
        await runStatement(pool, moveMessages, [JSON.stringify(batch), batch.map(({ id }) => id)]);
      }
      await runStatement(pool, finishLane, [...key, leaseUntil, now]);
      moved += changed.length;
    } catch (error) {
      errors.push(error);
      if (!key) break;
      const later = new Date(now.getTime() + troubleMs);
      // Should that fail as well, the lane still asks, or does when the lease ends.
      await runStatement(pool, postponeLane, [...key, later]).catch(() => {});
    }
  }
  if (errors.length > 0) throw errors[0];
  return moved;
}

type LaneKey = readonly [accountId: string, pace: string];

/** @param taken hears which lane it is @returns what is to be moved; null where no lane asks */
function layOutOne(
  pool: pg.Pool,
  now: Date,
  leaseUntil: Date,
  taken: (key: LaneKey) => void,
): Promise<{ id: string; due_at: Date }[] | null> {
  return inPoolTransaction(pool, async (client) => {
    const [lane] = (await client.query<LaneRow>({ ...takeLane, values: [now] })).rows;
    if (!lane) return null;
    const key = [lane.account_id, lane.pace] as const;
    taken(key);
    const { rows } = await client.query<WaitingRow>({ ...readWaiting, values: [...key] });
    rows.sort((a, b) => a.deadline_at.getTime() - b.deadline_at.getTime() || (a.id < b.id ? -1 : 1));
    const { dueMs, nextSlotMs } = layOut(toLane(lane), rows.map(toWaiting), now.getTime());
    const last = rows.at(-1)?.deadline_at ?? null;
    await client.query({ ...moveLane, values: [...key, new Date(nextSlotMs), last, leaseUntil] });
    return rows.flatMap((row, index) => {
      const due = dueMs[index] as number;
      // A message may also have been set aside until much later than its turn.
      const wakesLate = row.wake_at.getTime() > Math.min(due, row.deadline_at.getTime());
      return due === row.due_at.getTime() && !wakesLate ? [] : [{ id: row.id, due_at: new Date(due) }];
    });
  });
}

function toLane(row: LaneRow) {
  return {
    stepMs: 3_600_000 / row.per_hour,
    burst: row.burst,
    usedUntilMs: row.used_until.getTime(),
    restUntilMs: row.rest_until?.getTime() ?? 0,
  };
}

function toWaiting(row: WaitingRow) {
  return { deadlineMs: row.deadline_at.getTime(), notBeforeMs: row.not_before?.getTime() ?? 0 };
}
