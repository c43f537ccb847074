import type pg from 'pg';
import { inPoolTransaction } from '../db/pool.ts';

/** A large database is read for longer than the pool lets a hot statement take. */
const longestCheckMs = 60 * 60_000;

export interface Fault {
  what: string;
  count: number;
  /** The id of one such row. */
  example: string;
}

/**
 * What must never be found: the hot tables have no foreign keys (docs/decisions/0014), so this says whether every row
 * still hangs on one of the same workspace, and whether what was recorded twice says the same. Each finds the ids at fault.
 */
const checks: ReadonlyArray<[what: string, faulty: string]> = [
  [
    'an event of an account that is not there, or of another workspace',
    `select e.id from events e left join accounts a on a.id = e.account_id and a.workspace_id = e.workspace_id
     where e.account_id is not null and a.id is null`,
  ],
  [
    'an event by a contact that is not there, or of another account',
    `select e.id from events e left join contacts c on c.id = e.contact_id and c.account_id = e.account_id
     where e.contact_id is not null and c.id is null`,
  ],
  [
    'a contact of an account that is not there, or of another workspace',
    `select c.id from contacts c left join accounts a on a.id = c.account_id and a.workspace_id = c.workspace_id
     where a.id is null`,
  ],
  [
    'a delivery without its event, or of another account than it',
    `select d.id from deliveries d left join events e on e.id = d.event_id and e.account_id = d.account_id
       and e.workspace_id = d.workspace_id
     where e.id is null`,
  ],
  [
    'a delivery to a contact that is not there, or of another account',
    `select d.id from deliveries d left join contacts c on c.id = d.contact_id and c.account_id = d.account_id
     where c.id is null`,
  ],
  [
    'a delivery by a version of a trigger that is not there',
    `select d.id from deliveries d
     left join trigger_versions v on v.trigger_id = d.trigger_id and v.version = d.trigger_version
     where v.trigger_id is null`,
  ],
  [
    'a replay of a delivery that is not there, or does not know of it',
    `select d.id from deliveries d left join deliveries o on o.id = d.replay_of_id and o.replayed_at is not null
     where d.replay_of_id is not null and o.id is null`,
  ],
  [
    'a message without its delivery, or of another account than it',
    `select m.id from messages m left join deliveries d on d.id = m.delivery_id and d.account_id = m.account_id
       and d.workspace_id = m.workspace_id
     where d.id is null`,
  ],
  [
    'an event that matched and has no delivery',
    `select e.id from events e left join deliveries d on d.event_id = e.id
     where e.outcome = 'matched' and d.id is null`,
  ],
  [
    'a back-fill of an account of another workspace',
    `select b.id from backfills b left join accounts a on a.id = b.account_id and a.workspace_id = b.workspace_id
     where a.id is null`,
  ],
  [
    'a delivery that waits although nothing will be sent for it',
    `select d.id from deliveries d
     where d.state = 'waiting' and not exists (
       select from messages m where m.delivery_id = d.id and m.kind <> 'public_reply' and m.settled_at is null)`,
  ],
  [
    'a delivery that counts as delivered although its message was not sent',
    `select d.id from deliveries d
     where d.state = 'delivered' and not exists (
       select from messages m where m.delivery_id = d.id and m.kind <> 'public_reply' and m.state = 'sent')`,
  ],
  [
    'a delivery that the ledger has not given exactly as often as it was delivered',
    `select d.id from deliveries d
     where (d.state = 'delivered')::int <> (
       select count(*) from ledger_entries l where l.delivery_id = d.id and l.kind = 'resource.given')`,
  ],
];

/** Reads everything in one snapshot, so it may run while work goes on. @returns what is amiss, nothing if all is well */
export async function findFaults(pool: pg.Pool): Promise<Fault[]> {
  return inPoolTransaction(pool, async (client) => {
    await client.query('set transaction isolation level repeatable read, read only');
    return readFaults(client);
  });
}

/** As a transaction that is under way sees it. */
export async function readFaults(client: pg.ClientBase): Promise<Fault[]> {
  // The pool is tuned to find rows by key; here all of them are read.
  await client.query('set local enable_seqscan = on; set local statement_timeout = 0');
  const faults: Fault[] = [];
  for (const [what, faulty] of checks) {
    const text = `select count(*)::int as count, min(id::text) as example from (${faulty}) faulty`;
    const config = { text, query_timeout: longestCheckMs };
    const { rows } = await client.query<Omit<Fault, 'what'>>(config);
    const [row] = rows;
    if (row && row.count > 0) faults.push({ what, ...row });
  }
  return faults;
}
