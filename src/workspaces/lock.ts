import type { Prisma } from '../db/generated/client.ts';

/** Any number that no other advisory lock of Fairdrop uses. */
const lockId = 7_265_001;

/**
 * Until the transaction ends, nobody else takes first steps here: two that look at once would both find no workspace,
 * no key, or a name that is free.
 */
export async function lockInstallation(tx: Prisma.TransactionClient): Promise<void> {
  await tx.$executeRaw`select pg_advisory_xact_lock(${lockId}::bigint)`;
}
