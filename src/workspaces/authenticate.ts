import { hashApiKey } from '../crypto/api-key.ts';
import type { PrismaClient } from '../db/generated/client.ts';
import type { ApiKeyId, WorkspaceId } from '../ids.ts';
import type { Scope } from './api-keys.ts';

/** On whose behalf a request comes. */
export interface Caller {
  workspaceId: WorkspaceId;
  keyId: ApiKeyId;
  scopes: ReadonlySet<Scope>;
}

/**
 * Whose key this is. Looked up by its hash, so the time it takes tells nothing about the key; never cached, so that
 * a revoked key is refused at once.
 */
export async function authenticate(prisma: PrismaClient, key: string): Promise<Caller | null> {
  const row = await prisma.apiKey.findUnique({
    where: { keyHash: hashApiKey(key) },
    select: { id: true, workspaceId: true, scopes: true, revokedAt: true },
  });
  if (!row || row.revokedAt) return null;
  return { workspaceId: row.workspaceId, keyId: row.id, scopes: new Set(row.scopes as Scope[]) };
}
