import { renewCredentials } from '../catalog/account-recovery.ts';
import type { SecretBox } from '../crypto/secret-box.ts';
import type { PrismaClient } from '../db/generated/client.ts';
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
  deps: { prisma: PrismaClient; open: OpenAccount; secretBox: SecretBox },
  now: Date,
): Promise<RefreshReport[]> {
  const reports: RefreshReport[] = [];
  for (const row of await takeDue(deps.prisma, now)) {
    reports.push({ accountId: row.id, ...(await refreshOne(deps, row, now)) });
  }
  return reports;
}

async function refreshOne(
  deps: { prisma: PrismaClient; open: OpenAccount; secretBox: SecretBox },
  row: SealedAccount,
  now: Date,
): Promise<Omit<RefreshReport, 'accountId'>> {
  const account = openAccount(deps.open, row);
  if (!account.ok) return { kind: 'unreadable', detail: account.detail };
  const answer = await account.adapter.refresh(account.sending.credentials);
  if (answer.kind !== 'refreshed') return answer;
  await renewCredentials(
    deps.prisma,
    deps.secretBox,
    { id: row.id, credentials: row.credentials },
    answer,
    now,
  );
  return { kind: 'refreshed', detail: `good until ${answer.expiresAt.toISOString()}` };
}

/** Moving `refresh_at` keeps other processes from asking as well, and is when it is tried again should it fail. */
function takeDue(prisma: PrismaClient, now: Date): Promise<SealedAccount[]> {
  return prisma.$queryRaw<SealedAccount[]>`
    update accounts a
    set refresh_at = ${new Date(now.getTime() + retryMs)}
    from (
      select id from accounts
      where (state = 'active' or state_reason = 'paused_by_owner') and refresh_at <= ${now}
      order by refresh_at limit 20 for update skip locked
    ) due
    where a.id = due.id
    returning a.id, a.platform, a.external_id as "externalId", a.credentials,
              a.credentials_key_id as "credentialsKeyId"`;
}
