import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import type { PlatformAdapter } from '../platforms/port.ts';

/**
 * Pacing. Each account has a lane for each kind of call that its platform counts separately. A lane is a GCRA: calls
 * are spread evenly over the hour, up to `burst` of them may come at once. A message gets its slot in the commit that
 * makes it, so it is known from then on when it will go out, and no account waits behind another.
 */

/** Deadlines in a lane may be out of order by this much without the line being laid out anew. */
const toleratedDisorder = `interval '1 hour'`;

/**
 * CTEs that reserve a slot for each message of a CTE: `slot(message_id, due_at)`. Lanes are locked in one order, and an
 * earlier deadline that comes after later ones marks its lane to be laid out anew.
 * @param source has `message_id`, `account_id`, `pace` and `deadline_at`
 * @param now the placeholder of the current time
 */
export function slotCtes(source: string, now: string): string {
  return `
    lane_demand as (
      select account_id, pace, count(*) as calls, min(deadline_at) as first_deadline_at,
             max(deadline_at) as last_deadline_at
      from ${source} group by account_id, pace
    ),
    lane as (
      select p.account_id, p.pace, p.rest_until, interval '1 hour' / p.per_hour as step,
             interval '1 hour' / p.per_hour * (p.burst - 1) as slack,
             greatest(p.next_slot_at, ${now}::timestamptz) as next_slot_at
      from account_paces p join lane_demand d using (account_id, pace)
      order by p.account_id, p.pace for no key update of p
    ),
    lane_moved as (
      update account_paces p
      set next_slot_at = lane.next_slot_at + lane.step * d.calls,
          last_deadline_at = greatest(p.last_deadline_at, d.last_deadline_at),
          relay = p.relay or (lane.next_slot_at - lane.slack > ${now}::timestamptz
                              and d.first_deadline_at < p.last_deadline_at - ${toleratedDisorder})
      from lane join lane_demand d using (account_id, pace)
      where p.account_id = lane.account_id and p.pace = lane.pace
    ),
    slot as (
      select s.message_id,
             greatest(${now}::timestamptz, lane.rest_until,
                      lane.next_slot_at + lane.step * (s.place - 1) - lane.slack) as due_at
      from (
        select message_id, account_id, pace,
               row_number() over (partition by account_id, pace order by deadline_at, message_id) as place
        from ${source}
      ) s
      left join lane using (account_id, pace)
    )`;
}

/**
 * Lays out a lane anew: its slots go to the messages in the order of their deadlines, and none lies before `rest_until`,
 * from which on the calls are spaced evenly again. That is the end of a rest that the platform asked for, and the moment
 * when an account, or the workers, came back: slots that have passed must not all be used at once. `skip locked` lets
 * several processes share the lanes; a message that is claimed meanwhile keeps its slot.
 */
const relayLanes: Statement = {
  name: 'pacing-relay',
  text: `
    with lane as materialized (
      select account_id, pace, rest_until, interval '1 hour' / per_hour as step
      from account_paces where relay
      order by account_id, pace limit 20 for no key update skip locked
    ),
    waiting as materialized (
      select m.id, m.account_id, m.pace, m.due_at, m.deadline_at
      from lane join messages m on m.account_id = lane.account_id and m.pace = lane.pace and m.state = 'queued'
    ),
    slot as (
      select account_id, pace, due_at,
             row_number() over (partition by account_id, pace order by due_at, id) as place
      from waiting
    ),
    line as (
      select w.id, w.account_id, w.pace,
             row_number() over (partition by w.account_id, w.pace order by w.deadline_at, w.id) as place
      from waiting w
    ),
    laid as (
      select line.id, lane.account_id, lane.pace, greatest(slot.due_at, lane.rest_until + lane.step * (line.place - 1)) as due_at
      from line
      join slot on slot.account_id = line.account_id and slot.pace = line.pace and slot.place = line.place
      join lane on lane.account_id = line.account_id and lane.pace = line.pace
    ),
    moved as (
      update messages m set due_at = laid.due_at, wake_at = least(laid.due_at, m.deadline_at)
      from laid
      where m.id = laid.id and m.state = 'queued'
        and (m.due_at <> laid.due_at or m.wake_at > least(laid.due_at, m.deadline_at))
      returning m.id
    ),
    done as (
      update account_paces p
      set relay = false,
          next_slot_at = greatest(p.next_slot_at,
            (select max(laid.due_at) + lane.step from laid
             where laid.account_id = lane.account_id and laid.pace = lane.pace and lane.rest_until is not null))
      from lane
      where p.account_id = lane.account_id and p.pace = lane.pace
    )
    select count(*)::int as moved from moved`,
};

/** @returns how many messages got another slot */
export async function relay(pool: pg.Pool): Promise<number> {
  const [row] = await runStatement<{ moved: number }>(pool, relayLanes, []);
  return row?.moved ?? 0;
}

/** Gives every account the lanes that its platform counts, at the platform's pace unless the owner set another. */
const ensureLanes: Statement = {
  name: 'pacing-ensure',
  text: `
    insert into account_paces (account_id, pace, per_hour, burst)
    select a.id, p.pace, p.per_hour, p.burst
    from json_to_recordset($1::json) as p(platform text, pace text, per_hour int, burst int)
    join accounts a on a.platform = p.platform
    order by a.id, p.pace
    on conflict (account_id, pace) do update set per_hour = excluded.per_hour, burst = excluded.burst
    where not account_paces.custom
      and (account_paces.per_hour, account_paces.burst) is distinct from (excluded.per_hour, excluded.burst)`,
};

/** To be called at start-up: accounts may be older than a lane that this version counts. */
export async function ensurePaces(pool: pg.Pool, platforms: Iterable<PlatformAdapter>): Promise<void> {
  const paces = [...platforms].flatMap(({ name, capabilities }) =>
    Object.entries(capabilities.paces).map(([pace, { perHour, burst }]) => ({
      platform: name,
      pace,
      per_hour: perHour,
      burst,
    })),
  );
  await runStatement(pool, ensureLanes, [JSON.stringify(paces)]);
}
