import type { Contact, PrismaClient } from '../db/generated/client.ts';
import type { AccountId, ContactId, WorkspaceId } from '../ids.ts';
import { notFound } from '../problem.ts';
import { below, newestFirst, type Page, type PageRequest, toPageById } from './page.ts';

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
  const rows = await prisma.contact.findMany({
    where: { workspaceId, ...(filter.accountId && { accountId: filter.accountId }), ...below(filter) },
    ...newestFirst(filter),
  });
  return toPageById(rows, filter.limit, toContactView);
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
