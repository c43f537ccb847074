import type pg from 'pg';
import { renewCredentials } from '../catalog/renew-credentials.ts';
import type { SecretBox } from '../crypto/secret-box.ts';
import { type OpenAccount, openAccount, type SealedAccount } from '../deliveries/account.ts';
import type { AccountId } from '../ids.ts';

const retryMs = 24 * 60 * 60_000;

export interface RefreshReport {
  accountId: AccountId;
  kind: 'refreshed' | 'refused' | 'unavailable' | 'unreadable';
  detail: string;
}

/** Asks for newer credentials at half the life of the present ones. */
export async function refreshCredentials(
  deps: { pool: pg.Pool; open: OpenAccount; secretBox: SecretBox },
  now: Date,
): Promise<RefreshReport[]> {
  const reports: RefreshReport[] = [];
  for (const row of await takeDue(deps.pool, now)) {
    reports.push({ accountId: row.id, ...(await refreshOne(deps, row, now)) });
  }
  return reports;
}

async function refreshOne(
  deps: { pool: pg.Pool; open: OpenAccount; secretBox: SecretBox },
  row: SealedAccount,
  now: Date,
): Promise<Omit<RefreshReport, 'accountId'>> {
  const account = openAccount(deps.open, row);
  if (!account.ok) return { kind: 'unreadable', detail: account.detail };
  const answer = await account.adapter.refresh(account.sending.credentials);
  if (answer.kind !== 'refreshed') return answer;
  await renewCredentials(
    deps.pool,
    deps.secretBox,
    { id: row.id, credentials: row.credentials },
    answer,
    now,
  );
  return { kind: 'refreshed', detail: `good until ${answer.expiresAt.toISOString()}` };
}

/** Moving `refresh_at` keeps other processes from asking as well, and is when it is tried again should it fail. */
async function takeDue(pool: pg.Pool, now: Date): Promise<SealedAccount[]> {
  const { rows } = await pool.query<SealedAccount>(
    `update accounts a
     set refresh_at = $2
     from (
       select id from accounts
       where (state = 'active' or state_reason = 'paused_by_owner') and refresh_at <= $1
       order by refresh_at limit 20 for update skip locked
     ) due
     where a.id = due.id
     returning a.id, a.platform, a.external_id as "externalId", a.credentials,
               a.credentials_key_id as "credentialsKeyId"`,
    [now, new Date(now.getTime() + retryMs)],
  );
  return rows;
}
