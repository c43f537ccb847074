import type { Event, Prisma, PrismaClient } from '../db/generated/client.ts';
import type { AccountId, ContactId, EventId, WorkspaceId } from '../ids.ts';
import type { EventReason } from '../intake/reasons.ts';
import { type PlatformEvent, quietEventKinds } from '../platforms/port.ts';
import { notFound } from '../problem.ts';
import { below, findEdge, newestFirst, type Page, type PageRequest, toPageById } from './page.ts';

export const eventKinds = [
  'comment',
  ...quietEventKinds,
  'unsupported',
  'unreadable',
] as const satisfies PlatformEvent['kind'][];
export const eventOutcomes = ['matched', 'skipped'] as const;

export interface EventView {
  id: EventId;
  platform: string;
  accountId: AccountId | null;
  accountExternalId: string;
  kind: string;
  externalId: string | null;
  authorExternalId: string | null;
  authorUsername: string | null;
  contactId: ContactId | null;
  mediaId: string | null;
  parentId: string | null;
  text: string | null;
  occurredAt: string | null;
  receivedAt: string;
  timesReceived: number;
  outcome: (typeof eventOutcomes)[number];
  reason: string;
  triggerRevision: number | null;
}

/** Whose events a caller may see: its workspace's, and as an operator also those that are nobody's. */
export interface EventScope {
  workspaceId: WorkspaceId;
  seesUnassigned: boolean;
}

/** The planner does not see that "is null" leaves one workspace only, and would sort all that is nobody's. */
const inOrder: Prisma.EventOrderByWithRelationInput[] = [{ workspaceId: 'desc' }, { id: 'desc' }];

export async function listEvents(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  filter: PageRequest & {
    accountId?: AccountId | undefined;
    kind?: (typeof eventKinds)[number] | undefined;
    outcome?: EventView['outcome'] | undefined;
    reason?: EventReason | undefined;
    /** Those that name an account nobody has connected, instead of the workspace's own. */
    unassigned: boolean;
  },
): Promise<Page<EventView>> {
  const { accountId, kind, outcome, reason } = filter;
  const all = { workspaceId: filter.unassigned ? null : workspaceId };
  const wanted = {
    ...(accountId && { accountId }),
    ...(kind && { kind }),
    ...(outcome && { outcome }),
    ...(reason && { reason }),
  };
  const edge = await findEdge(filter, wanted, (where, query) =>
    prisma.event.findFirst({ where: { ...all, ...where }, ...query, orderBy: inOrder }),
  );
  const rows = await prisma.event.findMany({
    where: { ...all, ...wanted, ...below(filter, edge) },
    ...newestFirst(filter),
    orderBy: inOrder,
    // As large as the platform cares to make it: shown with a single event only.
    omit: { payload: true },
  });
  return toPageById(rows, filter.limit, toEventView, edge);
}

export async function getEvent(
  prisma: PrismaClient,
  scope: EventScope,
  id: EventId,
): Promise<EventView & { payload: unknown }> {
  const row = await prisma.event.findFirst({
    where: {
      id,
      OR: [{ workspaceId: scope.workspaceId }, ...(scope.seesUnassigned ? [{ workspaceId: null }] : [])],
    },
  });
  if (!row) throw notFound('event');
  return { ...toEventView(row), payload: row.payload };
}

function toEventView(row: Omit<Event, 'payload'>): EventView {
  return {
    id: row.id,
    platform: row.platform,
    accountId: row.accountId,
    accountExternalId: row.accountExternalId,
    kind: row.kind,
    externalId: row.externalId,
    authorExternalId: row.authorExternalId,
    authorUsername: row.authorUsername,
    contactId: row.contactId,
    mediaId: row.mediaId,
    parentId: row.parentId,
    text: row.text,
    occurredAt: row.occurredAt?.toISOString() ?? null,
    receivedAt: row.receivedAt.toISOString(),
    timesReceived: row.timesReceived,
    outcome: row.outcome as EventView['outcome'],
    reason: row.reason,
    triggerRevision: row.triggerRevision,
  };
}
