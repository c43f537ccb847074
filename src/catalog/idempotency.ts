import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Prisma, PrismaClient } from '../db/generated/client.ts';
import type { WorkspaceId } from '../ids.ts';
import { Problem } from '../problem.ts';
import { inTransaction, isLockTimeout, type Tx } from './transaction.ts';

/** For how long a repeated creation gets the first one's answer. */
const keptForMs = 24 * 60 * 60 * 1000;

/** A creation that its caller may repeat. */
export interface RepeatableRequest {
  workspaceId: WorkspaceId;
  key: string;
  /** What was asked: `hashRequest`. */
  hash: Buffer<ArrayBuffer>;
  now: Date;
}

export interface Answer<Body = unknown> {
  status: number;
  body: Body;
}

/** @param body as validated, so that neither spacing nor the order of fields counts */
export function hashRequest(method: string, path: string, body: unknown): Buffer<ArrayBuffer> {
  return Buffer.from(
    createHash('sha256')
      .update(JSON.stringify([method, path, body]))
      .digest(),
  );
}

/**
 * The answer that this request got before, if any. Asked before any work outside the database, so that a repetition
 * does not even bother the platform.
 * @throws Problem when the key was used for another request
 */
export async function findAnswer(db: PrismaClient | Tx, request: RepeatableRequest): Promise<Answer | null> {
  const row = await db.idempotencyKey.findUnique({
    where: { workspaceId_key: { workspaceId: request.workspaceId, key: request.key } },
  });
  if (!row || row.createdAt < oldest(request.now)) return null;
  if (!request.hash.equals(row.requestHash)) {
    throw new Problem(
      422,
      'idempotency_key_reused',
      'This Idempotency-Key was used for another request within the last 24 hours. Use a new one for each creation.',
      { field: 'Idempotency-Key' },
    );
  }
  // The answer is written in the transaction that wrote the key: no other one sees the key without it.
  if (row.status === null) throw new Error('an idempotency key was committed without its answer');
  return { status: row.status, body: row.body };
}

/**
 * Runs a creation and keeps its answer, both in one transaction: if we die in between, neither is there. A concurrent
 * repetition waits for the first. What `create` refuses is not kept, so the caller may correct it and use the key again.
 * @param request null when the caller gave no key
 */
export async function createOnce<Body>(
  prisma: PrismaClient,
  request: RepeatableRequest | null,
  create: (tx: Tx) => Promise<Answer<Body>>,
): Promise<Answer & { replayed: boolean }> {
  return inTransaction(prisma, async (tx) => {
    if (!request) return { ...(await create(tx)), replayed: false };
    if (!(await claim(tx, request))) {
      const stored = await findAnswer(tx, request);
      if (!stored) throw new Error('an idempotency key vanished while it was claimed');
      return { ...stored, replayed: true };
    }
    const answer = await create(tx);
    await tx.idempotencyKey.update({
      where: { workspaceId_key: { workspaceId: request.workspaceId, key: request.key } },
      data: { status: answer.status, body: answer.body as Prisma.InputJsonValue },
    });
    return { ...answer, replayed: false };
  });
}

/** Takes the key, also over an outdated use of it; waits while another transaction is about to use it. */
async function claim(tx: Tx, { workspaceId, key, hash, now }: RepeatableRequest): Promise<boolean> {
  try {
    const taken = await tx.$executeRaw`
      insert into idempotency_keys as k (workspace_id, key, request_hash, created_at)
      values (${workspaceId}::uuid, ${key}, ${hash}, ${now})
      on conflict (workspace_id, key) do update
        set request_hash = excluded.request_hash, status = null, body = null, created_at = excluded.created_at
        where k.created_at < ${oldest(now)}`;
    return taken === 1;
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    throw new Problem(
      409,
      'idempotency_key_in_progress',
      'The first request with this Idempotency-Key is still being worked on. Try again in a few seconds.',
      { field: 'Idempotency-Key' },
    );
  }
}

/** Forgets outdated keys. @returns how many */
export async function purgeIdempotencyKeys(pool: pg.Pool, now: Date): Promise<number> {
  const { rowCount } = await pool.query('delete from idempotency_keys where created_at < $1', [oldest(now)]);
  return rowCount ?? 0;
}

function oldest(now: Date): Date {
  return new Date(now.getTime() - keptForMs);
}
