import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import type { MessageId } from '../ids.ts';
import type { KnownEvent } from './judge-found.ts';
import { consequences, type EventRow, type LedgerRow, type MessageRow, withoutNulls } from './store.ts';

const findKnown: Statement = {
  name: 'found-known',
  text: `
    select dedupe_key as "dedupeKey", id, workspace_id as "workspaceId", outcome, reason from events
    where platform = $1 and account_external_id = $2 and dedupe_key = any($3::text[])`,
};

/** @returns what is stored of these comments, by their dedupe key */
export async function findKnownEvents(
  db: pg.Pool | pg.ClientBase,
  platform: string,
  accountExternalId: string,
  dedupeKeys: readonly string[],
): Promise<Map<string, KnownEvent>> {
  const values = [platform, accountExternalId, dedupeKeys];
  const rows = await runStatement<KnownEvent & { dedupeKey: string }>(db, findKnown, values);
  return new Map(rows.map(({ dedupeKey, ...event }) => [dedupeKey, event]));
}

/**
 * The same as intake's statement for comments that were found in a list: new ones are inserted, and of those that had
 * been skipped the row is changed (`open` is the compare-and-set: of several that reconsider the same comment one gets it,
 * and what became matched meanwhile is left alone). From there on both are `fresh`, and everything follows as for a
 * webhook. A repetition is not counted: it was not the platform that repeated itself. Rows are locked in intake's order:
 * contacts (`author_known`, but for new ones) before events before lanes.
 */
const insertFound: Statement = {
  name: 'found-insert',
  text: `
    with input as materialized (
      select * from json_to_recordset($1::json) as e(
        id uuid, workspace_id uuid, account_id uuid, platform text, account_external_id text, kind text,
        dedupe_key text, external_id text, author_external_id text, author_username text,
        media_id text, parent_id text, text text, occurred_at timestamptz, received_at timestamptz,
        outcome text, reason text, trigger_revision int,
        contact_id uuid, delivery_id uuid, trigger_id uuid, trigger_version int, resource_id uuid, keyword text,
        door text, max_deliveries int, serving_scope text, every_days int, public_replies_per_post int, skip_ledger_id uuid, was text)
    ),
    author_known as materialized (
      select c.id from contacts c
      where (c.account_id, c.external_id) in (
        select account_id, author_external_id from input where contact_id is not null)
      order by c.account_id, c.external_id for no key update
    ),
    open as materialized (
      select i.id, e.workspace_id as was_of
      from input i join events e on e.id = i.id
      where (select count(*) from author_known) >= 0 and i.was is not null and e.outcome = 'skipped' and e.reason = i.was
        and (e.workspace_id is null or e.workspace_id = i.workspace_id)
      order by e.account_external_id, e.dedupe_key for no key update of e
    ),
    contact as (
      insert into contacts (id, workspace_id, account_id, external_id, username, first_seen_at, last_seen_at)
      select distinct on (account_id, author_external_id)
             contact_id, workspace_id, account_id, author_external_id, author_username, received_at, received_at
      from input i
      where contact_id is not null and case
        when i.was is not null then i.id in (select id from open)
        else (
          select true from events e
          where e.platform = i.platform and e.account_external_id = i.account_external_id
            and e.dedupe_key = i.dedupe_key limit 1) is null
        end
      order by account_id, author_external_id
      on conflict (account_id, external_id) do update
        set username = coalesce(excluded.username, contacts.username),
            last_seen_at = greatest(contacts.last_seen_at, excluded.last_seen_at)
      returning id, account_id, external_id
    ),
    author as (
      select i.id, c.id as contact_id
      from input i
      left join contact c on i.contact_id is not null
        and c.account_id = i.account_id and c.external_id = i.author_external_id
    ),
    added as (
      insert into events (id, workspace_id, account_id, platform, account_external_id, kind, dedupe_key, external_id,
                          author_external_id, author_username, contact_id, media_id, parent_id, text, occurred_at,
                          received_at, outcome, reason, trigger_revision)
      select i.id, i.workspace_id, i.account_id, i.platform, i.account_external_id, i.kind, i.dedupe_key,
             i.external_id, i.author_external_id, i.author_username, author.contact_id, i.media_id, i.parent_id,
             i.text, i.occurred_at, i.received_at, i.outcome, i.reason, i.trigger_revision
      from input i join author using (id)
      where i.was is null
      order by i.account_external_id, i.dedupe_key
      on conflict (platform, account_external_id, dedupe_key) do nothing
      returning id, contact_id
    ),
    changed as (
      update events e
      set workspace_id = i.workspace_id, account_id = i.account_id, outcome = i.outcome, reason = i.reason,
          trigger_revision = i.trigger_revision, contact_id = author.contact_id,
          author_external_id = i.author_external_id,
          author_username = coalesce(i.author_username, e.author_username),
          media_id = i.media_id, parent_id = i.parent_id, text = i.text, occurred_at = i.occurred_at
      from input i join open using (id) join author using (id)
      where e.id = i.id and i.was is not null
      returning e.id, e.contact_id
    ),
    -- The tallies know of events that are added, and not of those that change: nothing else changes one.
    tallied as (
      insert into tally_changes (workspace_id, subject, state, label, change)
      select o.was_of, 'event', 'skipped', i.was, -count(*)::int
      from changed join input i using (id) join open o using (id) where o.was_of is not null
      group by o.was_of, i.was
      union all
      select i.workspace_id, 'event', i.outcome, i.reason, count(*)::int
      from changed join input i using (id)
      group by i.workspace_id, i.outcome, i.reason
    ),
    fresh as (
      select i.*, event.contact_id as known_contact_id
      from input i join (select * from added union all select * from changed) event using (id)
    ),${consequences}
    select f.id, coalesce(m.serves, false) as serves, m.refusal, null::uuid as ready
    from fresh f left join matched m using (id)
    union all
    select null, null, null, id from message where state = 'queued' and due_at <= $4`,
};

/** Whether a message answers it, and if it matched and none does, why. */
export interface Service {
  serves: boolean;
  refusal: 'already_served' | 'sold_out' | null;
}

/** An event that was found; `was`: why it had been skipped, null where it is new. */
export type FoundRow = EventRow & { was: string | null };

/**
 * @param now slots lie at or after it
 * @returns which events were taken, with whether a message answers them, and the messages that may go out at once
 */
export async function storeFound(
  db: pg.Pool | pg.ClientBase,
  rows: { events: readonly FoundRow[]; messages: readonly MessageRow[]; ledger: readonly LedgerRow[] },
  now: Date,
): Promise<{ taken: Map<string, Service>; ready: MessageId[] }> {
  type Row = { id: string | null; ready: string | null } & {
    [Field in keyof Service]: Service[Field] | null;
  };
  const result = await runStatement<Row>(db, insertFound, [
    JSON.stringify(rows.events.map((row) => ({ ...withoutNulls(row), was: row.was }))),
    JSON.stringify(rows.messages),
    JSON.stringify(rows.ledger),
    now,
  ]);
  return {
    taken: new Map(
      result.flatMap(({ id, serves, refusal }) =>
        id === null ? [] : [[id, { serves: serves === true, refusal }]],
      ),
    ),
    ready: result.flatMap(({ ready }) => ready ?? []),
  };
}

const findTaken: Statement = {
  name: 'found-taken',
  text: `select trigger_id, taken from trigger_stocks where trigger_id = any($1::uuid[])`,
};

/** @returns how many of the people that a trigger serves have come, by its id; those without are not in it */
export async function findTakenStock(
  db: pg.Pool | pg.ClientBase,
  triggerIds: readonly string[],
): Promise<Map<string, number>> {
  if (triggerIds.length === 0) return new Map();
  const rows = await runStatement<{ trigger_id: string; taken: number }>(db, findTaken, [triggerIds]);
  return new Map(rows.map(({ trigger_id, taken }) => [trigger_id, taken]));
}

const findServings: Statement = {
  name: 'found-servings',
  text: `
    select w.key
    from json_to_recordset($2::json) as w(key text, trigger_id uuid, external_id text, scope text, every_days int)
    join contacts c on c.account_id = $1 and c.external_id = w.external_id
    join servings s on s.trigger_id = w.trigger_id and s.contact_id = c.id and s.scope = w.scope
    where w.every_days is null or s.served_at > $3::timestamptz - w.every_days * interval '1 day'`,
};

export interface WantedServing {
  key: string;
  trigger_id: string;
  external_id: string;
  scope: string;
  every_days: number | null;
}

/** @returns the keys of those who have been served as often as their trigger allows */
export async function findServed(
  db: pg.Pool | pg.ClientBase,
  accountId: string,
  wanted: readonly WantedServing[],
  now: Date,
): Promise<Set<string>> {
  const values = [accountId, JSON.stringify(wanted), now];
  const rows = await runStatement<{ key: string }>(db, findServings, values);
  return new Set(rows.map(({ key }) => key));
}
