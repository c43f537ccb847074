import type { AlertKind } from '../alerts/kinds.ts';
import type { SecretBox } from '../crypto/secret-box.ts';
import type { PrismaClient } from '../db/generated/client.ts';
import { type AccountId, newId, type WorkspaceId } from '../ids.ts';
import type { LedgerKind } from '../ledger/kinds.ts';
import type { Credentials } from '../platforms/port.ts';
import { sealCredentials } from './credentials.ts';
import type { Tx } from './transaction.ts';

/** When newer credentials are first asked for: Instagram renews tokens that are a day old, not sooner. */
const firstRefreshMs = 25 * 60 * 60_000;

/** The platform does not say how old a token is that somebody brings along. */
export function unknownAge(now: Date): { credentialsExpireAt: null; refreshAt: Date } {
  return { credentialsExpireAt: null, refreshAt: new Date(now.getTime() + firstRefreshMs) };
}

/**
 * Lets a paused account send again, unless somebody changed it since `as` was read.
 * @returns whether it was done
 */
export async function resumeAccount(
  tx: Tx,
  change: { workspaceId: WorkspaceId; now: Date },
  id: AccountId,
  as: { reason: string | null; credentials: Uint8Array },
): Promise<boolean> {
  // The number of tries stays: should the first message pause it again, the next wait is longer.
  const { count } = await tx.account.updateMany({
    where: {
      id,
      state: 'paused',
      stateReason: as.reason,
      credentials: Uint8Array.from(as.credentials),
    },
    data: { state: 'active', stateReason: null, probeAt: null, updatedAt: change.now },
  });
  if (count === 0) return false;
  await clearPaused(tx, id, change.now);
  await wakeMessages(tx, id, change.now);
  await tx.ledgerEntry.create({
    data: {
      id: newId(),
      workspaceId: change.workspaceId,
      at: change.now,
      kind: 'account.resumed' satisfies LedgerKind,
      accountId: id,
      detail: { reason: as.reason },
    },
  });
  return true;
}

/** Stores newer credentials, unless others were stored meanwhile. */
export async function renewCredentials(
  prisma: PrismaClient,
  secretBox: SecretBox,
  account: { id: AccountId; credentials: Uint8Array },
  renewed: { credentials: Credentials; expiresAt: Date },
  now: Date,
): Promise<void> {
  const { credentials, expiresAt } = renewed;
  const lifeMs = expiresAt.getTime() - now.getTime();
  await prisma.account.updateMany({
    where: { id: account.id, credentials: Uint8Array.from(account.credentials) },
    data: {
      ...sealCredentials(secretBox, account.id, credentials),
      credentialsExpireAt: expiresAt,
      refreshAt: new Date(now.getTime() + Math.max(firstRefreshMs, lifeMs / 2)),
    },
  });
}

/** The alert that the account is paused is over. */
export async function clearPaused(tx: Tx, id: AccountId, now: Date): Promise<void> {
  await tx.alert.updateMany({
    where: { accountId: id, kind: 'account_paused' satisfies AlertKind, clearedAt: null },
    data: { clearedAt: now },
  });
}

/** Brings back what was set aside while the account could not send: its lanes are laid out anew. */
export async function wakeMessages(tx: Tx, accountId: AccountId, now: Date): Promise<void> {
  await tx.accountPace.updateMany({ where: { accountId }, data: { relayAt: now } });
}
