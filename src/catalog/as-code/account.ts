import type { Account, PrismaClient } from '../../db/generated/client.ts';
import type { WorkspaceId } from '../../ids.ts';
import type { Tx } from '../transaction.ts';
import { triggersOf } from '../trigger-views.ts';
import type { Present } from './plan.ts';

/** An account by what the platform calls it: nothing that only one installation knows. */
export interface AccountName {
  platform?: string | undefined;
  username?: string | undefined;
  /** On the platform. */
  id?: string | undefined;
}

/** Those in question; disconnected ones only where no other is. */
export async function findAccounts(
  db: PrismaClient | Tx,
  workspaceId: WorkspaceId,
  { platform, username, id }: AccountName,
): Promise<Account[]> {
  const all = await db.account.findMany({
    where: {
      workspaceId,
      ...(platform !== undefined && { platform }),
      ...(id !== undefined && { externalId: id }),
    },
    orderBy: { id: 'asc' },
  });
  const wanted = username?.replace(/^@/, '').toLowerCase();
  const named =
    wanted === undefined ? all : all.filter((account) => account.username?.toLowerCase() === wanted);
  const connected = named.filter(({ state }) => state !== 'disconnected');
  return connected.length > 0 ? connected : named;
}

export async function readPresent(db: PrismaClient | Tx, account: Account): Promise<Present> {
  return {
    triggers: await triggersOf(db, account.id),
    resources: await db.resource.findMany({
      where: { workspaceId: account.workspaceId, archivedAt: null },
      orderBy: { id: 'asc' },
    }),
  };
}
