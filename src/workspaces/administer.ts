/** What the owner of an installation does at the command line. */
import type { PrismaClient } from '../db/generated/client.ts';
import { createApiKey, everydayScopes, type Scope, scopes } from './api-keys.ts';
import { lockInstallation } from './lock.ts';
import { readName } from './names.ts';
import { createWorkspace, defaultWorkspace, findWorkspace, isId, type WorkspaceView } from './workspaces.ts';

export type AddedWorkspace =
  | { outcome: 'created'; workspace: WorkspaceView }
  | { outcome: 'name_refused'; reason: string };

/** Adds a tenant under a name that no other has. */
export async function addWorkspace(prisma: PrismaClient, givenName: string): Promise<AddedWorkspace> {
  const read = readName(givenName);
  if (!read.ok) return { outcome: 'name_refused', reason: read.reason };
  const { name } = read;
  if (isId(name)) {
    return { outcome: 'name_refused', reason: 'A name that looks like an id would be taken for one.' };
  }
  return prisma.$transaction(async (tx): Promise<AddedWorkspace> => {
    await lockInstallation(tx);
    const taken = await findWorkspace(tx, name);
    if (taken) {
      return {
        outcome: 'name_refused',
        reason: `There is a workspace "${name}" already, with the id ${taken.id}.`,
      };
    }
    return { outcome: 'created', workspace: await createWorkspace(tx, name) };
  });
}

export type AddedKey =
  | {
      outcome: 'created';
      key: string;
      name: string;
      workspace: WorkspaceView;
      scopes: readonly Scope[];
      /** Whether the installation had no key before this one. */
      first: boolean;
    }
  | { outcome: 'name_refused'; reason: string }
  | { outcome: 'workspace_unknown' };

/**
 * Makes an API key. The workspace has to exist, but for "default", which is made with its first key.
 * @param input.scopes what it may do; left out: read and write, and everything for the installation's very first key,
 *   since somebody has to be able to operate it
 */
export async function addApiKey(
  prisma: PrismaClient,
  input: { workspace: string; name: string; scopes?: readonly Scope[] | undefined },
): Promise<AddedKey> {
  const read = readName(input.name);
  if (!read.ok) return { outcome: 'name_refused', reason: read.reason };
  const { name } = read;
  return prisma.$transaction(async (tx): Promise<AddedKey> => {
    await lockInstallation(tx);
    const workspace =
      (await findWorkspace(tx, input.workspace)) ??
      (input.workspace === defaultWorkspace ? await createWorkspace(tx, defaultWorkspace) : null);
    if (!workspace) return { outcome: 'workspace_unknown' };
    const first = (await tx.apiKey.count()) === 0;
    const granted = input.scopes ?? (first ? scopes : everydayScopes);
    const { key } = await createApiKey(tx, { workspaceId: workspace.id, name, scopes: granted });
    return { outcome: 'created', key, name, workspace, scopes: granted, first };
  });
}
