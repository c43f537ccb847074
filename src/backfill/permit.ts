import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import { laneColumns } from '../deliveries/pacing.ts';

/**
 * Counts one call in a lane of the account. Reading makes way for sending: while the platform asks any of the account's
 * lanes to rest, nothing is read.
 */
const takePermitStatement: Statement = {
  name: 'backfill-permit',
  text: `
    with lane as (
      select ${laneColumns}, greatest(p.used_until, $3::timestamptz) as used_until,
             (select max(o.rest_until) from account_paces o where o.account_id = p.account_id) as rest_end
      from account_paces p where p.account_id = $1 and p.pace = $2
      for no key update of p
    ),
    taken as (
      update account_paces p
      set used_until = lane.used_until + lane.step
      from lane
      where p.account_id = lane.account_id and p.pace = lane.pace
        and lane.used_until - lane.slack <= $3 and coalesce(lane.rest_end <= $3, true)
      returning p.pace
    )
    select greatest(lane.used_until - lane.slack, lane.rest_end) as free_at
    from lane where not exists (select from taken)`,
};

/** @returns null if the call may be made now, and counts (as where the account has no such lane); else when to ask again */
export async function takePermit(
  pool: pg.Pool,
  accountId: string,
  pace: string,
  now: Date,
): Promise<Date | null> {
  const rows = await runStatement<{ free_at: Date }>(pool, takePermitStatement, [accountId, pace, now]);
  return rows[0]?.free_at ?? null;
}

const restStatement: Statement = {
  name: 'backfill-rest',
  text: `
    update account_paces set rest_until = greatest(rest_until, $3)
    where account_id = $1 and pace = $2`,
};

/** No call in this lane before then. */
export async function restLane(
  db: pg.Pool | pg.ClientBase,
  accountId: string,
  pace: string,
  until: Date,
): Promise<void> {
  await runStatement(db, restStatement, [accountId, pace, until]);
}
