import type { PrismaClient, Resource } from '../db/generated/client.ts';
import { newId, type ResourceId, type WorkspaceId } from '../ids.ts';
import { notFound, Problem } from '../problem.ts';
import { below, newestFirst, type Page, type PageRequest, toPageById } from '../records/page.ts';
import type { Platforms } from './identify.ts';
import { refuseUse, renewUses } from './resource-uses.ts';
import { type Change, inTransaction, lockWorkspace, type Tx } from './transaction.ts';

export const resourceKinds = ['link', 'text'] as const;
export type ResourceKind = (typeof resourceKinds)[number];

export interface ResourceView {
  id: ResourceId;
  name: string;
  kind: ResourceKind;
  url: string | null;
  text: string | null;
  createdAt: string;
  updatedAt: string;
  archivedAt: string | null;
}

/** What is given: either a link or a text. */
export interface ResourceContent {
  kind: ResourceKind;
  url?: string | undefined;
  text?: string | undefined;
}

export async function createResource(
  tx: Tx,
  change: Change,
  input: ResourceContent & { name: string },
): Promise<ResourceView> {
  const row = await tx.resource.create({
    data: {
      id: newId(),
      workspaceId: change.workspaceId,
      name: input.name,
      ...contentOf(input),
      createdAt: change.now,
      updatedAt: change.now,
    },
  });
  return toResourceView(row);
}

/** Without the archived ones, or only those. */
export async function listResources(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  filter: PageRequest & { archived: boolean },
): Promise<Page<ResourceView>> {
  const rows = await prisma.resource.findMany({
    where: { workspaceId, archivedAt: filter.archived ? { not: null } : null, ...below(filter) },
    ...newestFirst(filter),
  });
  return toPageById(rows, filter.limit, toResourceView);
}

export async function getResource(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  id: ResourceId,
): Promise<ResourceView> {
  return toResourceView(await findResource(prisma, workspaceId, id));
}

/** Deliveries that are under way keep the text they were made with; whoever comments from now on gets the new one. */
export async function changeResource(
  prisma: PrismaClient,
  platforms: Platforms,
  change: Change,
  id: ResourceId,
  patch: Partial<ResourceContent> & { name?: string | undefined },
): Promise<ResourceView> {
  return inTransaction(prisma, async (tx) => {
    await lockWorkspace(tx, change.workspaceId);
    const before = await findResource(tx, change.workspaceId, id);
    if (before.archivedAt) {
      throw new Problem(409, 'resource_archived', 'This resource is archived. Create a new one instead.');
    }
    const after = {
      name: patch.name ?? before.name,
      ...contentOf({
        kind: patch.kind ?? (before.kind as ResourceKind),
        url: patch.url ?? keptContent(before.url, patch.kind, before.kind),
        text: patch.text ?? keptContent(before.text, patch.kind, before.kind),
      }),
    };
    const same = (['name', 'kind', 'url', 'text'] as const).every((field) => before[field] === after[field]);
    if (same) return toResourceView(before);
    const row = await tx.resource.update({ where: { id }, data: { ...after, updatedAt: change.now } });
    await renewUses(tx, platforms, row);
    return toResourceView(row);
  });
}

/** Takes it off the lists for good. What was delivered still refers to it. */
export async function archiveResource(prisma: PrismaClient, change: Change, id: ResourceId): Promise<void> {
  await inTransaction(prisma, async (tx) => {
    await lockWorkspace(tx, change.workspaceId);
    const resource = await findResource(tx, change.workspaceId, id);
    if (resource.archivedAt) return;
    await refuseUse(tx, id);
    await tx.resource.update({ where: { id }, data: { archivedAt: change.now, updatedAt: change.now } });
  });
}

export async function findResource(
  db: PrismaClient | Tx,
  workspaceId: WorkspaceId,
  id: ResourceId,
): Promise<Resource> {
  const resource = await db.resource.findFirst({ where: { id, workspaceId } });
  if (!resource) throw notFound('resource');
  return resource;
}

function keptContent(
  value: string | null,
  newKind: ResourceKind | undefined,
  kind: string,
): string | undefined {
  return newKind === undefined || newKind === kind ? (value ?? undefined) : undefined;
}

function contentOf({ kind, url, text }: ResourceContent): {
  kind: ResourceKind;
  url: string | null;
  text: string | null;
} {
  const wanted = kind === 'link' ? 'url' : 'text';
  const other = kind === 'link' ? 'text' : 'url';
  const given = { url, text };
  if (given[wanted] === undefined) {
    throw new Problem(422, 'resource_content', `A resource of kind ${kind} needs a ${wanted}.`, {
      field: `/${wanted}`,
    });
  }
  if (given[other] !== undefined) {
    throw new Problem(
      422,
      'resource_content',
      `A resource of kind ${kind} has a ${wanted} and no ${other}.`,
      {
        field: `/${other}`,
      },
    );
  }
  return { kind, url: url ?? null, text: text ?? null };
}

function toResourceView(row: Resource): ResourceView {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind as ResourceKind,
    url: row.url,
    text: row.text,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    archivedAt: row.archivedAt?.toISOString() ?? null,
  };
}
