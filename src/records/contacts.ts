import type { Contact, PrismaClient } from '../db/generated/client.ts';
import type { AccountId, ContactId, WorkspaceId } from '../ids.ts';
import { notFound } from '../problem.ts';
import { below, findEdge, newestFirst, type Page, type PageRequest, toPageById } from './page.ts';

export interface ContactView {
  id: ContactId;
  accountId: AccountId;
  externalId: string;
  username: string | null;
  firstSeenAt: string;
  lastSeenAt: string;
}

export async function listContacts(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  filter: PageRequest & { accountId?: AccountId | undefined },
): Promise<Page<ContactView>> {
  const wanted = { ...(filter.accountId && { accountId: filter.accountId }) };
  const edge = await findEdge(filter, wanted, (where, query) =>
    prisma.contact.findFirst({ where: { workspaceId, ...where }, ...query }),
  );
  const rows = await prisma.contact.findMany({
    where: { workspaceId, ...wanted, ...below(filter, edge) },
    ...newestFirst(filter),
  });
  return toPageById(rows, filter.limit, toContactView, edge);
}

export async function getContact(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  id: ContactId,
): Promise<ContactView> {
  const row = await prisma.contact.findFirst({ where: { id, workspaceId } });
  if (!row) throw notFound('contact');
  return toContactView(row);
}

function toContactView(row: Contact): ContactView {
  return {
    id: row.id,
    accountId: row.accountId,
    externalId: row.externalId,
    username: row.username,
    firstSeenAt: row.firstSeenAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
  };
}
