import { apiKeyHint, hashApiKey, newApiKey } from '../crypto/api-key.ts';
import type { Prisma, PrismaClient } from '../db/generated/client.ts';
import { type ApiKeyId, newId, type WorkspaceId } from '../ids.ts';

/** `read`: look. `write`: change. `operate`: what concerns the whole installation, such as queues. */
export const scopes = ['read', 'write', 'operate'] as const;
export type Scope = (typeof scopes)[number];

/** Of a key that was made without a word about its scopes. */
export const everydayScopes: readonly Scope[] = ['read', 'write'];

type Db = PrismaClient | Prisma.TransactionClient;

export interface ApiKeyView {
  id: ApiKeyId;
  name: string;
  /** The last four characters. */
  hint: string;
  scopes: Scope[];
  createdAt: Date;
  revokedAt: Date | null;
}

const viewed = { id: true, name: true, hint: true, scopes: true, createdAt: true, revokedAt: true } as const;

/**
 * @param input.key a key that exists already; a new one is made when it is left out
 * @returns the key itself, for the only time: just its hash is stored
 */
export async function createApiKey(
  db: Db,
  input: { workspaceId: WorkspaceId; name: string; scopes: readonly Scope[]; key?: string },
): Promise<{ key: string; apiKey: ApiKeyView }> {
  const key = input.key ?? newApiKey();
  const row = await db.apiKey.create({
    data: {
      id: newId(),
      workspaceId: input.workspaceId,
      name: input.name,
      keyHash: hashApiKey(key),
      hint: apiKeyHint(key),
      scopes: [...input.scopes],
    },
    select: viewed,
  });
  return { key, apiKey: toView(row) };
}

/** Newest first, the revoked ones included. */
export async function listApiKeys(db: Db, workspaceId: WorkspaceId): Promise<ApiKeyView[]> {
  const rows = await db.apiKey.findMany({ where: { workspaceId }, orderBy: { id: 'desc' }, select: viewed });
  return rows.map(toView);
}

/**
 * The key stops working with the next request that presents it: nothing caches keys.
 * @returns false when the workspace has no such key, or it was revoked before
 */
export async function revokeApiKey(
  db: Db,
  input: { workspaceId: WorkspaceId; id: ApiKeyId; now: Date },
): Promise<boolean> {
  const { count } = await db.apiKey.updateMany({
    where: { id: input.id, workspaceId: input.workspaceId, revokedAt: null },
    data: { revokedAt: input.now },
  });
  return count > 0;
}

function toView(row: Omit<ApiKeyView, 'scopes'> & { scopes: string[] }): ApiKeyView {
  return { ...row, scopes: row.scopes as Scope[] };
}
