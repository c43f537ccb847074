/**
 * A history that was never lived, written straight into the tables. Of the events 20 % matched, from contacts a tenth
 * as many as events; half of those deliveries are done, the other half waits for tomorrow. With every migration that
 * changes these tables this has to follow.
 */
import type pg from 'pg';

/** Rows per statement. */
const chunk = 100_000;

const accounts = `
  create temp table if not exists prefill_accounts as
  select row_number() over (order by a.external_id) - 1 as n, a.id, a.workspace_id, a.external_id,
         t.id as trigger_id, t.version, v.resource_id
  from accounts a
  join triggers t on t.account_id = a.id
  join trigger_versions v on v.trigger_id = t.id and v.version = t.version`;

/** `$1` to `$2` number the events; what is derived from a number is the same in every statement. */
const source = `
  select i, i % 5 = 0 as matched, i % 10 = 0 as waiting, a.*,
         now() - interval '30 days' * (1 - i / $3::float8) as at,
         '900' || lpad(i::text, 14, '0') as comment_id
  from generate_series($1::bigint, $2::bigint - 1) i
  join prefill_accounts a on a.n = (i / 5) % (select count(*) from prefill_accounts)`;

/** A UUID of the time it stands for, so that lists are in order. */
const idAt = (at: string) => `uuidv7(${at} - now())`;

/** The same UUID for the same text, with version and variant where a UUID has them. */
const derivedId = (text: string) =>
  `overlay(overlay(md5(${text}) placing '7' from 13) placing '8' from 17)::uuid`;

const rows = `
  create temp table prefill on commit drop as
  select s.*, ${idAt('s.at')} as event_id, ${idAt('s.at')} as delivery_id, ${idAt('s.at')} as message_id,
         ${derivedId("'contact' || s.id || (s.i / 10)")} as contact_id
  from (${source}) s`;

const inserts = [
  `insert into contacts (id, workspace_id, account_id, external_id, username, first_seen_at, last_seen_at)
   select distinct on (contact_id) contact_id, workspace_id, id, '901' || (i / 10), 'reader_' || (i / 10), at, at
   from prefill where matched
   on conflict do nothing`,
  `insert into events (id, workspace_id, account_id, platform, account_external_id, kind, dedupe_key, external_id,
                       author_external_id, author_username, contact_id, media_id, text, occurred_at, received_at,
                       outcome, reason, trigger_revision)
   select event_id, workspace_id, id, 'instagram', external_id, 'comment', 'comment:' || comment_id, comment_id,
          '901' || (i / 10), 'reader_' || (i / 10), case when matched then contact_id end,
          '1799' || lpad(n::text, 13, '0'), 'Was für ein schönes Video, danke dafür', at, at,
          case when matched then 'matched' else 'skipped' end,
          case when matched then 'trigger_matched' else 'keyword_absent' end, 1
   from prefill`,
  `insert into deliveries (id, workspace_id, account_id, event_id, contact_id, trigger_id, trigger_version, resource_id,
                           door, keyword, state, created_at, settled_at)
   select delivery_id, workspace_id, id, event_id, contact_id, trigger_id, version, resource_id, 'comment', 'GUIDE',
          case when waiting then 'waiting' else 'delivered' end, at, case when waiting then null else at end
   from prefill where matched`,
  `insert into messages (id, workspace_id, account_id, delivery_id, kind, pace, state, target_id, text, variant,
                         due_at, deadline_at, wake_at, external_id, attempts, created_at, settled_at)
   select message_id, workspace_id, id, delivery_id, 'private_reply', 'private_reply',
          case when waiting then 'queued' else 'sent' end,
          comment_id, 'Hi, here is the guide: https://studio.example/guide.pdf', 0,
          now() + interval '1 day', now() + interval '6 days', case when waiting then now() + interval '1 day' end,
          case when waiting then null else 'm' || comment_id end, case when waiting then 0 else 1 end, at,
          case when waiting then null else at end
   from prefill where matched`,
  `insert into ledger_entries (id, workspace_id, at, kind, account_id, event_id, delivery_id, contact_id, trigger_id,
                               resource_id, detail)
   select ${idAt('at')}, workspace_id, at, kind, id, event_id, delivery_id, contact_id, trigger_id, resource_id, '{}'
   from prefill, unnest(case when waiting then array['comment.matched', 'payment.made']
                             else array['comment.matched', 'payment.made', 'message.sent', 'resource.given'] end) kind
   where matched`,
];

/** No trigger counted these rows. Nobody else writes while we fill. */
const tallies = [
  'delete from tally_changes',
  'delete from tallies',
  `insert into tallies (workspace_id, subject, state, label, count)
   select workspace_id, 'event', outcome, reason, count(*) from events where workspace_id is not null group by 1, 3, 4
   union all
   select workspace_id, 'delivery', state, coalesce(reason, ''), count(*)
   from deliveries where replayed_at is null group by 1, 3, 4
   union all
   select workspace_id, 'message', state, kind, count(*) from messages group by 1, 3, 4`,
];

/** What is filled, and is quicker to fill without its indexes. */
const filledTables = ['contacts', 'events', 'deliveries', 'messages', 'ledger_entries'];

/** From how many rows on it is quicker to build indexes anew than to keep them. */
const manyRows = 500_000;

/**
 * Takes indexes away but not the primary keys, nor the partial ones, by which the running worker asks every second.
 * @returns what brings them back
 */
async function dropIndexes(client: pg.Client): Promise<string[]> {
  const { rows: found } = await client.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
     where not indisprimary and indpred is null and indrelid = any($1::text[]::regclass[])`,
    [filledTables],
  );
  for (const { name } of found) await client.query(`drop index ${name}`);
  return found.map(({ definition }) => definition);
}

/** Nothing that is written here is of value until all of it is on disk. */
const hasty = { fsync: 'off', full_page_writes: 'off', autovacuum: 'off', max_wal_size: '8GB' };

/** Of the server; null is its default. */
async function configure(client: pg.Client, settings: Record<string, string | null>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await client.query(
      value === null ? `alter system reset ${name}` : `alter system set ${name} = '${value}'`,
    );
  }
  await client.query('select pg_reload_conf()');
}

/** @param client a superuser's: what is written here fits together, and checking it row by row would take for ever */
export async function prefill(client: pg.Client, from: number, to: number): Promise<void> {
  if (to <= from) return;
  await configure(client, hasty);
  await client.query(`set session_replication_role = replica`);
  await client.query(`set synchronous_commit = off`);
  await client.query(`set maintenance_work_mem = '1GB'`);
  await client.query(accounts);
  const indexes = to - from >= manyRows ? await dropIndexes(client) : [];
  for (let start = from; start < to; start += chunk) {
    await client.query('begin');
    await client.query(rows, [start, Math.min(start + chunk, to), to]);
    for (const insert of inserts) await client.query(insert);
    await client.query('commit');
  }
  for (const index of indexes) await client.query(index);
  for (const statement of tallies) await client.query(statement);
  for (const name of ['session_replication_role', 'synchronous_commit', 'maintenance_work_mem']) {
    await client.query(`reset ${name}`);
  }
  await client.query('vacuum analyze');
  await configure(client, Object.fromEntries(Object.keys(hasty).map((name) => [name, null])));
  await client.query('checkpoint');
}
