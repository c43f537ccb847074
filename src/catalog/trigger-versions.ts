import type { PrismaClient } from '../db/generated/client.ts';
import type { ResourceId, TriggerId, WorkspaceId } from '../ids.ts';
import { notFound } from '../problem.ts';
import { cursorVersion, type Page, type PageRequest, toPage } from '../records/page.ts';
import type { TriggerDefinition, TriggerState } from '../triggers/definition.ts';
import { completed, type StoredDefinition } from '../triggers/definition.ts';
import { type FieldChange, fieldChanges } from './settings-diff.ts';

export interface TriggerVersionView extends TriggerDefinition {
  triggerId: TriggerId;
  version: number;
  /** The account's revision from which on this version counts; events name the one they were matched under. */
  revision: number;
  resourceId: ResourceId;
  name: string;
  state: TriggerState;
  priority: number;
  createdAt: string;
  /** The API key that made the change; null for the command line. */
  createdById: string | null;
  createdByName: string | null;
  /** Against the version before; none in the first. */
  changes: FieldChange[];
}

/** Every version there ever was, newest first. */
export async function listTriggerVersions(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  id: TriggerId,
  page: PageRequest,
): Promise<Page<TriggerVersionView>> {
  const trigger = await prisma.trigger.findFirst({ where: { id, workspaceId }, select: { id: true } });
  if (!trigger) throw notFound('trigger');
  const cursor = cursorVersion(page.cursor);
  const rows = await prisma.triggerVersion.findMany({
    where: { triggerId: id, ...(cursor !== undefined && { version: { lt: cursor } }) },
    orderBy: { version: 'desc' },
    // The one beyond the page is also what its last one is compared with.
    take: page.limit + 1,
    include: { createdBy: { select: { name: true } } },
  });
  const settingsByVersion = new Map(rows.map((row) => [row.version, toSettings(row)]));
  return toPage(
    rows,
    page.limit,
    (row) => {
      const settings = toSettings(row);
      const before = settingsByVersion.get(row.version - 1);
      return {
        triggerId: row.triggerId,
        version: row.version,
        revision: row.revision,
        ...settings,
        createdAt: row.createdAt.toISOString(),
        createdById: row.createdById,
        createdByName: row.createdBy?.name ?? null,
        changes: before ? fieldChanges(before, settings) : [],
      };
    },
    (row) => String(row.version),
  );
}

function toSettings(row: {
  resourceId: ResourceId;
  name: string;
  state: string;
  priority: number;
  definition: unknown;
}) {
  return {
    resourceId: row.resourceId,
    name: row.name,
    state: row.state as TriggerState,
    priority: row.priority,
    ...completed(row.definition as StoredDefinition),
  };
}
