import type { LedgerEntry, PrismaClient } from '../db/generated/client.ts';
import type { DeliveryId, WorkspaceId } from '../ids.ts';
import type { LedgerKind } from '../ledger/kinds.ts';
import { below, findEdge, newestFirst, type Page, type PageRequest, toPageById } from './page.ts';

export interface LedgerEntryView {
  id: string;
  at: string;
  kind: string;
  accountId: string | null;
  eventId: string | null;
  deliveryId: string | null;
  messageId: string | null;
  contactId: string | null;
  triggerId: string | null;
  resourceId: string | null;
  detail: unknown;
}

export async function listLedger(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  filter: PageRequest & { deliveryId?: DeliveryId | undefined; kind?: LedgerKind | undefined },
): Promise<Page<LedgerEntryView>> {
  const { deliveryId, kind } = filter;
  const all = { workspaceId, ...(deliveryId && { deliveryId }) };
  const wanted = { ...(kind && { kind }) };
  const edge = await findEdge(filter, wanted, (where, query) =>
    prisma.ledgerEntry.findFirst({ where: { ...all, ...where }, ...query }),
  );
  const rows = await prisma.ledgerEntry.findMany({
    where: { ...all, ...wanted, ...below(filter, edge) },
    ...newestFirst(filter),
  });
  return toPageById(rows, filter.limit, toLedgerEntryView, edge);
}

/** What the ledger holds of one delivery, in the order it happened. */
export async function ledgerOf(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  deliveryId: DeliveryId,
): Promise<LedgerEntryView[]> {
  const rows = await prisma.ledgerEntry.findMany({
    where: { workspaceId, deliveryId },
    orderBy: { id: 'asc' },
  });
  return rows.map(toLedgerEntryView);
}

function toLedgerEntryView({ workspaceId: _workspaceId, at, ...row }: LedgerEntry): LedgerEntryView {
  return { ...row, at: at.toISOString() };
}
