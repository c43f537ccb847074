import type { Prisma, PrismaClient } from '../db/generated/client.ts';
import { prismaSqlState } from '../db/prisma-errors.ts';
import type { WorkspaceId } from '../ids.ts';

export type Tx = Prisma.TransactionClient;

/** Who changes something, and when. */
export interface Change {
  workspaceId: WorkspaceId;
  /** The API key that asked, for the history; null for the command line. */
  keyId: string | null;
  now: Date;
}

/** A change waits this long for another one, in milliseconds, and then gives up: a person is waiting. */
const lockTimeoutMs = 4_000;

export function inTransaction<Result>(
  prisma: PrismaClient,
  act: (tx: Tx) => Promise<Result>,
  { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
): Promise<Result> {
  return prisma.$transaction(
    async (tx) => {
      await tx.$executeRaw`select set_config('lock_timeout', ${`${lockTimeoutMs}ms`}, true)`;
      return act(tx);
    },
    { maxWait: 5_000, timeout: timeoutMs },
  );
}

/**
 * Changes to a workspace's accounts, resources and triggers happen one after the other: they check each other (a
 * resource in use, templates against a new URL), and one lock taken first cannot deadlock. NO KEY UPDATE leaves
 * intake alone, whose rows refer to the workspace.
 */
export async function lockWorkspace(tx: Tx, workspaceId: WorkspaceId): Promise<void> {
  await tx.$queryRaw`select 1 from workspaces where id = ${workspaceId}::uuid for no key update`;
}

/** Whether the database gave up waiting for a lock. */
export function isLockTimeout(error: unknown): boolean {
  return prismaSqlState(error) === '55P03';
}
