import { hashApiKey } from '../crypto/api-key.ts';
import type { PrismaClient } from '../db/generated/client.ts';
import type { WorkspaceId } from '../ids.ts';
import { createApiKey, scopes } from './api-keys.ts';
import { lockInstallation } from './lock.ts';
import { createWorkspace, defaultWorkspace } from './workspaces.ts';

export type Bootstrapped =
  | { outcome: 'created'; workspaceId: WorkspaceId; notice: string }
  /** The key is there already. */
  | { outcome: 'present'; workspaceId: WorkspaceId; notice: string | null }
  /** There are workspaces, and this is nobody's key. */
  | { outcome: 'ignored'; notice: string };

/**
 * Makes an empty installation usable: the workspace "default", and `key` with every scope. Does nothing to an
 * installation that has a workspace, so that a leftover variable never opens one. `notice` is for the log.
 */
export async function bootstrap(prisma: PrismaClient, key: string): Promise<Bootstrapped> {
  return prisma.$transaction(async (tx): Promise<Bootstrapped> => {
    await lockInstallation(tx);
    const known = await tx.apiKey.findUnique({ where: { keyHash: hashApiKey(key) } });
    if (known) {
      return {
        outcome: 'present',
        workspaceId: known.workspaceId,
        notice: known.revokedAt
          ? 'FAIRDROP_BOOTSTRAP_KEY has been revoked and stays so: create another key and remove the variable.'
          : null,
      };
    }
    if (await tx.workspace.findFirst({ select: { id: true } })) {
      return {
        outcome: 'ignored',
        notice:
          'FAIRDROP_BOOTSTRAP_KEY is ignored: it only works on an empty database, and this one has workspaces. Use an existing key.',
      };
    }
    const workspace = await createWorkspace(tx, defaultWorkspace);
    await createApiKey(tx, { workspaceId: workspace.id, name: 'bootstrap', scopes, key });
    return {
      outcome: 'created',
      workspaceId: workspace.id,
      notice: 'Created the workspace "default" with the key from FAIRDROP_BOOTSTRAP_KEY.',
    };
  });
}
