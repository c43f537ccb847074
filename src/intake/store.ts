import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import { slotCtes } from '../deliveries/pacing.ts';
import type { MessageId } from '../ids.ts';
import type { LedgerKind } from '../ledger/kinds.ts';
import type { MessageKind } from '../platforms/port.ts';
import type { Door } from '../triggers/price.ts';

/** One event as it is written; the delivery columns are null unless it matched. */
export interface EventRow {
  id: string;
  workspace_id: string | null;
  account_id: string | null;
  platform: string;
  account_external_id: string;
  kind: string;
  dedupe_key: string;
  external_id: string | null;
  author_external_id: string | null;
  author_username: string | null;
  recipient_external_id: string | null;
  /** Until when the author may be written to because of this event. */
  window_ends_at: Date | null;
  media_id: string | null;
  parent_id: string | null;
  text: string | null;
  payload: unknown;
  occurred_at: Date | null;
  received_at: Date;
  times_received: number;
  outcome: 'matched' | 'skipped';
  reason: string;
  trigger_revision: number | null;
  /** The id the contact gets if it is new. */
  contact_id: string | null;
  delivery_id: string | null;
  trigger_id: string | null;
  trigger_version: number | null;
  resource_id: string | null;
  keyword: string | null;
  door: Door | null;
  /** The id to write to, where it is known because the contact wrote in private. */
  messaging_id: string | null;
  /** How many the trigger serves; null for no end. */
  max_deliveries: number | null;
  /** Within what the trigger serves a contact once; null for no such bound. */
  serving_scope: string | null;
  /** After how many days again within that scope; null for never. */
  every_days: number | null;
  /** The most public replies under one post; null for no end. */
  public_replies_per_post: number | null;
  /** Of the ledger entry, should the contact have been served already. */
  skip_ledger_id: string | null;
}

export interface MessageRow {
  id: string;
  delivery_id: string;
  kind: MessageKind;
  pace: string;
  state: 'queued' | 'held';
  target_id: string;
  text: string;
  variant: number;
  deadline_at: Date;
  /** When the scheduler wakes it, should its wake be lost; null while it is held. */
  wake_at: Date | null;
}

export interface LedgerRow {
  id: string;
  event_id: string;
  kind: LedgerKind;
  detail: Record<string, unknown>;
}

/**
 * Everything that a flush of events leaves behind, in one statement and so in one commit.
 *
 * An event that is already there only counts its repetition: `fresh` holds those whose new id was taken, and nothing
 * but a fresh event makes a delivery or a contact. `serving` is the lock of "once per trigger": of two comments of one
 * contact, told to two processes at once, one takes the row, and the other's delivery is `skipped`; so are those for
 * whom nothing is left of a trigger that serves a number of people (`stock`). A message that is
 * ready gets its slot here (`slot`), a public reply beyond the post's budget is cancelled (`posted`). Rows go in sorted
 * by their unique key, so that concurrent flushes lock in one order.
 * Why rows travel as JSON: docs/decisions/0004-rows-travel-as-json.md
 */
const newEvents = `
    with input as materialized (
      -- Who wrote in private is named by another id than who comments, where the platform has two for one person.
      select e.*, coalesce(
          case when e.messaging_id is not null then (
            select c.external_id from contacts c
            where c.account_id = e.account_id and c.messaging_id = e.messaging_id order by c.id limit 1) end,
          e.author_external_id) as contact_external_id
      from json_to_recordset($1::json) as e(
        id uuid, workspace_id uuid, account_id uuid, platform text, account_external_id text, kind text,
        dedupe_key text, external_id text, author_external_id text, author_username text,
        recipient_external_id text, window_ends_at timestamptz, media_id text,
        parent_id text, text text, payload jsonb, occurred_at timestamptz, received_at timestamptz,
        times_received int, outcome text, reason text, trigger_revision int,
        contact_id uuid, delivery_id uuid, trigger_id uuid, trigger_version int, resource_id uuid, keyword text,
        door text, messaging_id text, max_deliveries int,
        serving_scope text, every_days int, public_replies_per_post int, skip_ledger_id uuid)
    ),
    conversation as (
      insert into conversations (account_id, external_id, workspace_id, window_ends_at, last_inbound_at)
      select account_id, author_external_id, workspace_id, max(window_ends_at), max(received_at)
      from input
      where account_id is not null and author_external_id is not null and window_ends_at is not null
      group by account_id, author_external_id, workspace_id
      order by account_id, author_external_id
      on conflict (account_id, external_id) do update
        set window_ends_at = greatest(conversations.window_ends_at, excluded.window_ends_at),
            last_inbound_at = greatest(conversations.last_inbound_at, excluded.last_inbound_at)
    ),
    contact as (
      insert into contacts (id, workspace_id, account_id, external_id, messaging_id, username, first_seen_at, last_seen_at)
      select distinct on (account_id, contact_external_id)
             contact_id, workspace_id, account_id, contact_external_id, messaging_id, author_username, received_at,
             received_at
      from input i
      where contact_id is not null and (
        -- Not "not exists": that would be an anti-join over the whole index.
        select true from events e
        where e.platform = i.platform and e.account_external_id = i.account_external_id
          and e.dedupe_key = i.dedupe_key limit 1) is null
      order by account_id, contact_external_id
      on conflict (account_id, external_id) do update
        set username = coalesce(excluded.username, contacts.username),
            messaging_id = coalesce(contacts.messaging_id, excluded.messaging_id),
            last_seen_at = greatest(contacts.last_seen_at, excluded.last_seen_at)
      returning id, account_id, external_id
    ),
    event as (
      insert into events (id, workspace_id, account_id, platform, account_external_id, kind, dedupe_key, external_id,
                          author_external_id, author_username, contact_id, recipient_external_id, media_id,
                          parent_id, text, payload, occurred_at, received_at, times_received, outcome, reason,
                          trigger_revision)
      select i.id, i.workspace_id, i.account_id, i.platform, i.account_external_id, i.kind, i.dedupe_key,
             i.external_id, i.author_external_id, i.author_username, c.id, i.recipient_external_id, i.media_id,
             i.parent_id, i.text, i.payload, i.occurred_at, i.received_at, i.times_received, i.outcome, i.reason, i.trigger_revision
      from input i
      left join contact c on i.contact_id is not null
        and c.account_id = i.account_id and c.external_id = i.contact_external_id
      order by i.account_external_id, i.dedupe_key
      on conflict (platform, account_external_id, dedupe_key) do update
        set times_received = events.times_received + excluded.times_received
      returning id, contact_id
    ),
    fresh as (
      select i.*, event.contact_id as known_contact_id from input i join event using (id)
    ),`;

/**
 * CTEs of what follows from the events in `fresh`: `matched`, `delivery`, `message`, `ledger`. $2 and $3 are the messages
 * and the ledger entries as JSON, $4 the current time.
 */
export const consequences = `
    serving as (
      insert into servings (trigger_id, contact_id, scope, every_days, delivery_id, served_at)
      select distinct on (trigger_id, known_contact_id, serving_scope)
             trigger_id, known_contact_id, serving_scope, every_days, delivery_id, received_at
      from fresh where delivery_id is not null and serving_scope is not null
      order by trigger_id, known_contact_id, serving_scope, id
      on conflict (trigger_id, contact_id, scope) do update
        set every_days = excluded.every_days, delivery_id = excluded.delivery_id, served_at = excluded.served_at
        where servings.served_at <= excluded.served_at - excluded.every_days * interval '1 day'
          or exists (select from deliveries d where d.id = servings.delivery_id and d.reason = 'sold_out')
      returning delivery_id
    ),
    eligible as (
      select f.*, f.serving_scope is null or s.delivery_id is not null as is_eligible,
             row_number() over (
               partition by f.trigger_id, f.serving_scope is null or s.delivery_id is not null order by f.id) as place
      from fresh f left join serving s using (delivery_id)
      where f.delivery_id is not null
    ),
    stock as (
      insert into trigger_stocks (trigger_id, stock, taken, granted)
      select trigger_id, max(max_deliveries), least(count(*), max(max_deliveries)), least(count(*), max(max_deliveries))
      from eligible where is_eligible and max_deliveries is not null
      group by trigger_id order by trigger_id
      on conflict (trigger_id) do update
        set stock = excluded.stock,
            granted = greatest(0, least(excluded.granted, excluded.stock - trigger_stocks.taken)),
            taken = greatest(trigger_stocks.taken, least(trigger_stocks.taken + excluded.taken, excluded.stock))
      returning trigger_id, granted
    ),
    -- serves besides refusal: of a boolean the planner expects half to be true, of "is null" hardly any, and joins
    -- what hangs on it by nested loops.
    matched as (
      select *, refusal is null as serves
      from (
        select e.*, case when not is_eligible then 'already_served'
                         when max_deliveries is not null and place > coalesce(stock.granted, 0) then 'sold_out'
                    end as refusal
        from eligible e left join stock using (trigger_id)
      ) m
    ),
    delivery as (
      insert into deliveries (id, workspace_id, account_id, event_id, contact_id, trigger_id, trigger_version,
                              resource_id, door, keyword, state, reason, created_at, settled_at)
      select delivery_id, workspace_id, account_id, id, known_contact_id, trigger_id, trigger_version,
             resource_id, door, keyword,
             case when serves then 'waiting' else 'skipped' end,
             refusal,
             received_at,
             case when not serves then received_at end
      from matched
    ),
    draft as (
      select m.id as message_id, m.kind, m.pace, m.state, m.target_id, m.text, m.variant, m.deadline_at, m.wake_at,
             f.workspace_id, f.account_id, f.delivery_id, f.received_at,
             case when m.kind = 'public_reply' and f.public_replies_per_post is not null then f.media_id end as budgeted,
             f.public_replies_per_post as budget
      from json_to_recordset($2::json) as m(
        id uuid, delivery_id uuid, kind text, pace text, state text, target_id text, text text, variant int,
        deadline_at timestamptz, wake_at timestamptz)
      join matched f on f.delivery_id = m.delivery_id and f.serves
    ),
    posted as (
      insert into post_replies (account_id, media_id, wanted)
      select account_id, budgeted, count(*) from draft where budgeted is not null
      group by account_id, budgeted order by account_id, budgeted
      on conflict (account_id, media_id) do update set wanted = post_replies.wanted + excluded.wanted
      returning account_id, media_id, wanted
    ),
    over_budget as (
      select d.message_id
      from (
        select message_id, account_id, budgeted, budget,
               row_number() over (partition by account_id, budgeted order by message_id desc) as from_last
        from draft where budgeted is not null
      ) d
      join posted p on p.account_id = d.account_id and p.media_id = d.budgeted
      where p.wanted - d.from_last >= d.budget
    ),
    ready as (
      select message_id, account_id, pace, deadline_at from draft where state = 'queued'
    ),
    ${slotCtes('ready', '$4')},
    message as (
      insert into messages (id, workspace_id, account_id, delivery_id, kind, pace, state, reason, target_id, text,
                            variant, due_at, deadline_at, wake_at, created_at, settled_at)
      select d.message_id, d.workspace_id, d.account_id, d.delivery_id, d.kind, d.pace,
             case when o.message_id is null then d.state else 'cancelled' end,
             case when o.message_id is not null then 'public_budget_spent' end,
             d.target_id, d.text, d.variant,
             coalesce(slot.due_at, d.received_at),
             d.deadline_at,
             case when slot.due_at > $4::timestamptz then least(slot.due_at, d.deadline_at) else d.wake_at end,
             d.received_at,
             case when o.message_id is not null then d.received_at end
      from draft d left join over_budget o using (message_id) left join slot using (message_id)
      returning id, state, due_at
    ),
    ledger as (
      insert into ledger_entries (id, workspace_id, at, kind, account_id, event_id, delivery_id, contact_id,
                                  trigger_id, resource_id, detail)
      select l.id, f.workspace_id, f.received_at, l.kind, f.account_id, f.id, f.delivery_id, f.known_contact_id,
             f.trigger_id, f.resource_id, l.detail
      from json_to_recordset($3::json) as l(id uuid, event_id uuid, kind text, detail jsonb)
      join fresh f on f.id = l.event_id
      union all
      select skip_ledger_id, workspace_id, received_at, 'delivery.skipped', account_id, id, delivery_id,
             known_contact_id, trigger_id, resource_id, jsonb_build_object('reason', refusal)
      from matched where not serves
    )`;

const insertEvents: Statement = {
  name: 'intake-insert-events',
  text: `${newEvents}${consequences}
    select id, null::uuid as ready from fresh
    union all
    select null, id from message where state = 'queued' and due_at <= $4`,
};

/**
 * @param now slots lie at or after it
 * @returns the ids of the events that were new, the others being repetitions, and the messages that may go out at once
 */
export async function storeEvents(
  pool: pg.Pool,
  rows: { events: readonly EventRow[]; messages: readonly MessageRow[]; ledger: readonly LedgerRow[] },
  now: Date,
): Promise<{ fresh: Set<string>; ready: MessageId[] }> {
  const result = await runStatement<{ id: string | null; ready: string | null }>(pool, insertEvents, [
    JSON.stringify(rows.events.map(withoutNulls)),
    JSON.stringify(rows.messages),
    JSON.stringify(rows.ledger),
    now,
  ]);
  return {
    fresh: new Set(result.flatMap((row) => row.id ?? [])),
    ready: result.flatMap((row) => row.ready ?? []),
  };
}

/** Postgres reads a field that is not there as null, and most of an event's fields are. */
export function withoutNulls(row: EventRow): Partial<EventRow> {
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) if (value !== null) given[name] = value;
  return given;
}
