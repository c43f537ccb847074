import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import type { LedgerKind } from '../ledger/kinds.ts';
import type { MessageKind } from '../platforms/port.ts';

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
}

export interface MessageRow {
  id: string;
  delivery_id: string;
  kind: MessageKind;
  state: 'queued' | 'held';
  target_id: string;
  text: string;
  variant: number;
  deadline_at: Date;
  wake_at: Date;
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
 * but a fresh event makes a delivery or a contact. Rows go in sorted by their unique key, so that concurrent flushes lock in one
 * order. Why rows travel as JSON: docs/decisions/0004-rows-travel-as-json.md
 */
const insertEvents: Statement = {
  name: 'intake-insert-events',
  text: `
    with input as materialized (
      select * from json_to_recordset($1::json) as e(
        id uuid, workspace_id uuid, account_id uuid, platform text, account_external_id text, kind text,
        dedupe_key text, external_id text, author_external_id text, author_username text, media_id text,
        parent_id text, text text, payload jsonb, occurred_at timestamptz, received_at timestamptz,
        times_received int, outcome text, reason text, trigger_revision int,
        contact_id uuid, delivery_id uuid, trigger_id uuid, trigger_version int, resource_id uuid, keyword text)
    ),
    contact as (
      insert into contacts (id, workspace_id, account_id, external_id, username, first_seen_at, last_seen_at)
      select distinct on (account_id, author_external_id)
             contact_id, workspace_id, account_id, author_external_id, author_username, received_at, received_at
      from input i
      where contact_id is not null and not exists (
        select 1 from events e
        where e.platform = i.platform and e.account_external_id = i.account_external_id
          and e.dedupe_key = i.dedupe_key)
      order by account_id, author_external_id
      on conflict (account_id, external_id) do update
        set username = coalesce(excluded.username, contacts.username),
            last_seen_at = greatest(contacts.last_seen_at, excluded.last_seen_at)
      returning id, account_id, external_id
    ),
    event as (
      insert into events (id, workspace_id, account_id, platform, account_external_id, kind, dedupe_key, external_id,
                          author_external_id, author_username, contact_id, media_id, parent_id, text, payload,
                          occurred_at, received_at, times_received, outcome, reason, trigger_revision)
      select i.id, i.workspace_id, i.account_id, i.platform, i.account_external_id, i.kind, i.dedupe_key,
             i.external_id, i.author_external_id, i.author_username, c.id, i.media_id, i.parent_id, i.text, i.payload,
             i.occurred_at, i.received_at, i.times_received, i.outcome, i.reason, i.trigger_revision
      from input i
      left join contact c on i.contact_id is not null
        and c.account_id = i.account_id and c.external_id = i.author_external_id
      order by i.account_external_id, i.dedupe_key
      on conflict (platform, account_external_id, dedupe_key) do update
        set times_received = events.times_received + excluded.times_received
      returning id, contact_id
    ),
    fresh as (
      select i.*, event.contact_id as known_contact_id from input i join event using (id)
    ),
    delivery as (
      insert into deliveries (id, workspace_id, account_id, event_id, contact_id, trigger_id, trigger_version,
                              resource_id, door, keyword, created_at)
      select delivery_id, workspace_id, account_id, id, known_contact_id, trigger_id, trigger_version,
             resource_id, 'comment', keyword, received_at
      from fresh where delivery_id is not null
    ),
    message as (
      insert into messages (id, workspace_id, account_id, delivery_id, kind, state, target_id, text, variant,
                            due_at, deadline_at, wake_at, created_at)
      select m.id, f.workspace_id, f.account_id, m.delivery_id, m.kind, m.state, m.target_id, m.text, m.variant,
             f.received_at, m.deadline_at, m.wake_at, f.received_at
      from json_to_recordset($2::json) as m(
        id uuid, delivery_id uuid, kind text, state text, target_id text, text text, variant int,
        deadline_at timestamptz, wake_at timestamptz)
      join fresh f on f.delivery_id = m.delivery_id
    ),
    ledger as (
      insert into ledger_entries (id, workspace_id, at, kind, account_id, event_id, delivery_id, contact_id,
                                  trigger_id, resource_id, detail)
      select l.id, f.workspace_id, f.received_at, l.kind, f.account_id, f.id, f.delivery_id, f.known_contact_id,
             f.trigger_id, f.resource_id, l.detail
      from json_to_recordset($3::json) as l(id uuid, event_id uuid, kind text, detail jsonb)
      join fresh f on f.id = l.event_id
    )
    select id from fresh`,
};

/** @returns the ids of the events that were new; the others were repetitions */
export async function storeEvents(
  pool: pg.Pool,
  rows: { events: readonly EventRow[]; messages: readonly MessageRow[]; ledger: readonly LedgerRow[] },
): Promise<Set<string>> {
  const fresh = await runStatement<{ id: string }>(pool, insertEvents, [
    JSON.stringify(rows.events),
    JSON.stringify(rows.messages),
    JSON.stringify(rows.ledger),
  ]);
  return new Set(fresh.map((row) => row.id));
}
