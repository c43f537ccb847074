import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import type { PlatformAdapter } from '../platforms/port.ts';

/**
 * Pacing. Each account has a lane for each kind of call that its platform counts separately. A lane is a GCRA: calls
 * are spread evenly over the hour, up to `burst` of them may come at once. It is kept in two places:
 *
 * - a message gets its slot in the commit that makes it (`next_slot_at`), so it is known from then on when it will go
 *   out, and no account waits behind another;
 * - a claim counts the calls as they are made (`used_until`), so that nothing goes out faster whatever becomes of slots:
 *   repeats, slots that passed while nobody was there, an account that comes back.
 */

/** Deadlines in a lane may be out of order by this much without the line being laid out anew. */
const toleratedDisorder = `interval '1 hour'`;

/** How long a lane may wait to be put into order: it keeps its pace meanwhile. */
const relayDelay = `interval '5 seconds'`;

/** A lane as statements see it: `step` between even calls, `slack` that a burst may be ahead of them. */
export const laneColumns = `
  p.account_id, p.pace, p.rest_until, interval '1 hour' / p.per_hour as step,
  interval '1 hour' / p.per_hour * (p.burst - 1) as slack`;

/**
 * CTEs that reserve a slot for each message of a CTE: `slot(message_id, due_at)`. Lanes are locked in one order. A lane
 * in which an earlier deadline comes after later ones, or a slot lies beyond its deadline, is to be laid out anew.
 * @param source has `message_id`, `account_id`, `pace` and `deadline_at`
 * @param now the placeholder of the current time
 * @param rests a CTE with `account_id`, `pace` and `rest_until`, one row a lane, of lanes that are to rest
 */
export function slotCtes(source: string, now: string, rests?: string): string {
  const resting = rests ? `union all select account_id, pace, 0, null, null, rest_until from ${rests}` : '';
  return `
    lane_demand as (
      select account_id, pace, sum(calls) as calls, min(first_deadline_at) as first_deadline_at,
             max(last_deadline_at) as last_deadline_at, max(rest_until) as new_rest_until
      from (
        select account_id, pace, 1 as calls, deadline_at as first_deadline_at, deadline_at as last_deadline_at,
               null::timestamptz as rest_until
        from ${source}
        ${resting}
      ) d
      group by account_id, pace
    ),
    lane as (
      select ${laneColumns}, d.calls, d.first_deadline_at, d.last_deadline_at, d.new_rest_until,
             greatest(p.next_slot_at, p.used_until, ${now}::timestamptz,
                      case when p.rest_until > ${now} then p.rest_until + interval '1 hour' / p.per_hour * (p.burst - 1) end
             ) as next_slot_at
      from account_paces p join lane_demand d using (account_id, pace)
      order by p.account_id, p.pace for no key update of p
    ),
    lane_moved as (
      update account_paces p
      set next_slot_at = case when lane.calls > 0 then lane.next_slot_at + lane.step * lane.calls else p.next_slot_at end,
          last_deadline_at = greatest(p.last_deadline_at, lane.last_deadline_at),
          rest_until = greatest(p.rest_until, lane.new_rest_until),
          relay_at = case
            when lane.new_rest_until is not null then least(p.relay_at, ${now})
            when lane.next_slot_at - lane.slack > ${now}::timestamptz
              and (lane.first_deadline_at < p.last_deadline_at - ${toleratedDisorder}
                or lane.next_slot_at + lane.step * lane.calls - lane.slack > lane.first_deadline_at)
            then least(p.relay_at, ${now}::timestamptz + ${relayDelay})
            else p.relay_at end
      from lane
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

/** Gives every account the lanes that its platform counts, at the platform's pace unless the owner set another. */
const ensureLanes: Statement = {
  name: 'pacing-ensure',
  text: `
    insert into account_paces (account_id, pace, per_hour, burst)
    select a.id, p.pace, p.per_hour, p.burst
    from json_to_recordset($1::json) as p(platform text, pace text, per_hour int, burst int)
    join accounts a on a.platform = p.platform
    order by a.id, p.pace
    on conflict (account_id, pace) do update
      set per_hour = excluded.per_hour, burst = excluded.burst, relay_at = now(),
          used_until = now() + greatest(account_paces.used_until - now(), interval '0')
            * (account_paces.per_hour::float8 / excluded.per_hour)
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
