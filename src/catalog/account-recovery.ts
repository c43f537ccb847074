import type { AlertKind } from '../alerts/kinds.ts';
import { type AccountId, newId, type WorkspaceId } from '../ids.ts';
import type { LedgerKind } from '../ledger/kinds.ts';
import type { Tx } from './transaction.ts';

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
