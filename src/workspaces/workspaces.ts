import type { Prisma, PrismaClient } from '../db/generated/client.ts';
import { newId, type WorkspaceId } from '../ids.ts';

export interface WorkspaceView {
  id: WorkspaceId;
  name: string;
}

/** The workspace of an installation that needs only one. */
export const defaultWorkspace = 'default';

type Db = PrismaClient | Prisma.TransactionClient;

const viewed = { id: true, name: true } as const;

/** Creates a tenant, whatever its name. It can do nothing until it has a key. */
export async function createWorkspace(db: Db, name: string): Promise<WorkspaceView> {
  return db.workspace.create({ data: { id: newId(), name }, select: viewed });
}

/** Oldest first. */
export async function listWorkspaces(db: Db): Promise<WorkspaceView[]> {
  return db.workspace.findMany({ orderBy: { id: 'asc' }, select: viewed });
}

/** By its id, or by its name: should several have one name after all, it is the oldest. */
export async function findWorkspace(db: Db, nameOrId: string): Promise<WorkspaceView | null> {
  const where = isId(nameOrId) ? { id: nameOrId } : { name: nameOrId.trim() };
  return db.workspace.findFirst({ where, orderBy: { id: 'asc' }, select: viewed });
}

export function isId(text: string): boolean {
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);
}
