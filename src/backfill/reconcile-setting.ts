import type { Prisma } from '../db/generated/client.ts';
import { newId } from '../ids.ts';
import { nothingYet } from './progress.ts';
import { startOf } from './walk.ts';

/** How many of the latest posts a round reads: one page of them, and of each what is new. */
const latestPosts = 25;

/**
 * Has an account looked through every so many minutes, from now on; what came before is a back-fill's.
 * @param every in minutes; null for never
 */
export async function setReconcile(
  tx: Prisma.TransactionClient,
  account: { id: string; workspaceId: string },
  every: number | null,
  now: Date,
): Promise<void> {
  await tx.account.update({ where: { id: account.id }, data: { reconcileEvery: every } });
  const known = await tx.backfill.findFirst({ where: { accountId: account.id, kind: 'reconcile' } });
  if (every === null) {
    if (!known) return;
    await tx.backfill.update({
      where: { id: known.id },
      data: { state: 'stopped', missed: 0, finishedAt: now, updatedAt: now },
    });
    return;
  }
  const nextAt = new Date(now.getTime() + every * 60_000);
  if (known?.state === 'running') {
    // A shorter wait holds for the round that is waited for, too.
    if (known.nextAt > nextAt) await tx.backfill.update({ where: { id: known.id }, data: { nextAt } });
    return;
  }
  const fresh = {
    state: 'running',
    since: now,
    position: startOf([]) as unknown as Prisma.InputJsonObject,
    progress: nothingYet as unknown as Prisma.InputJsonObject,
    reason: null,
    detail: null,
    failures: 0,
    missed: 0,
    nextAt,
    // Whoever is at it has the former setting.
    leaseToken: null,
    leaseUntil: null,
    createdAt: now,
    updatedAt: now,
    finishedAt: null,
  };
  if (known) await tx.backfill.update({ where: { id: known.id }, data: fresh });
  else {
    const { id: accountId, workspaceId } = account;
    const row = { id: newId(), workspaceId, accountId, kind: 'reconcile', mediaIds: [], latestPosts };
    await tx.backfill.create({ data: { ...row, ...fresh } });
  }
}

/** After the account was away: what came meanwhile is a back-fill's, too. */
export async function restartReconcile(
  tx: Prisma.TransactionClient,
  accountId: string,
  now: Date,
): Promise<void> {
  await tx.backfill.updateMany({
    where: { accountId, kind: 'reconcile', state: 'running' },
    data: {
      since: now,
      createdAt: now,
      missed: 0,
      position: startOf([]) as unknown as Prisma.InputJsonObject,
      leaseToken: null,
      leaseUntil: null,
    },
  });
}
