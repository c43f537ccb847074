import type pg from 'pg';
import { resumeAccount } from '../catalog/account-recovery.ts';
import { inTransaction } from '../catalog/transaction.ts';
import type { PrismaClient } from '../db/generated/client.ts';
import { type OpenAccount, openAccount } from '../deliveries/account.ts';
import { probeWait } from '../deliveries/probe-wait.ts';
import type { AccountId, WorkspaceId } from '../ids.ts';

interface PausedRow {
  id: AccountId;
  workspaceId: WorkspaceId;
  platform: string;
  externalId: string;
  stateReason: string | null;
  credentials: Buffer;
  credentialsKeyId: string;
}

/**
 * Tries the accounts whose time has come: asks the platform whose credentials they have, and lets those send again that
 * it knows. Should that have been too early, the first message pauses them again, for twice as long. Accounts that their
 * owner paused are not touched.
 * @returns those that may send again
 */
export async function probeAccounts(
  deps: { pool: pg.Pool; openPrisma: () => Promise<PrismaClient>; open: OpenAccount },
  now: Date,
): Promise<{ accountId: AccountId; reason: string | null }[]> {
  const paused = await takeDue(deps.pool, now);
  const resumed = [];
  for (const row of paused) {
    const account = openAccount(deps.open, row);
    if (!account.ok) continue;
    const answer = await account.adapter.identify(account.sending.credentials);
    if (answer.kind !== 'identified' || answer.externalId !== row.externalId) continue;
    const change = { workspaceId: row.workspaceId, now };
    const done = await inTransaction(await deps.openPrisma(), (tx) =>
      resumeAccount(tx, change, row.id, { reason: row.stateReason, credentials: row.credentials }),
    );
    if (done) resumed.push({ accountId: row.id, reason: row.stateReason });
  }
  return resumed;
}

/** Moving `probe_at` keeps other processes from trying the same account. */
async function takeDue(pool: pg.Pool, now: Date): Promise<PausedRow[]> {
  const { rows } = await pool.query<PausedRow>(
    `update accounts a
     set probes = a.probes + 1,
         probe_at = $1::timestamptz + ${probeWait('a.probes + 1', 'a.state_reason')}
     from (
       select id from accounts where state = 'paused' and probe_at <= $1
       order by probe_at limit 20 for update skip locked
     ) due
     where a.id = due.id
     returning a.id, a.workspace_id as "workspaceId", a.platform, a.external_id as "externalId",
               a.state_reason as "stateReason", a.credentials, a.credentials_key_id as "credentialsKeyId"`,
    [now],
  );
  return rows;
}
