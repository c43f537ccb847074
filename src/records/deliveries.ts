import type { Delivery, Message, PrismaClient } from '../db/generated/client.ts';
import type { AccountId, ContactId, DeliveryId, MessageId, TriggerId, WorkspaceId } from '../ids.ts';
import { type MessageKind, messageKinds } from '../platforms/port.ts';
import { notFound } from '../problem.ts';
import { below, findEdge, newestFirst, type Page, type PageRequest, toPageById } from './page.ts';

export const deliveryStates = ['waiting', 'delivered', 'skipped', 'failed', 'expired'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export const doors = ['comment', 'private'] as const;

export { messageKinds };
export const messageStates = [
  'held',
  'queued',
  'sending',
  'sent',
  'unconfirmed',
  'failed',
  'expired',
  'cancelled',
] as const;
export type MessageState = (typeof messageStates)[number];

/** What a message waits for that is not at its end. */
export const messageNeeds = ['slot', 'account', 'private_message', 'answer', 'look_up', 'person'] as const;
export type MessageNeed = (typeof messageNeeds)[number];

export interface DeliveryView {
  id: DeliveryId;
  accountId: AccountId;
  eventId: string;
  contactId: ContactId;
  triggerId: TriggerId;
  triggerVersion: number;
  resourceId: string;
  door: (typeof doors)[number];
  keyword: string;
  state: DeliveryState;
  reason: string | null;
  run: number;
  replayOfId: DeliveryId | null;
  replayedAt: string | null;
  createdAt: string;
  settledAt: string | null;
}

export interface MessageView {
  id: MessageId;
  deliveryId: DeliveryId;
  accountId: AccountId;
  kind: MessageKind;
  state: MessageState;
  reason: string | null;
  detail: string | null;
  targetId: string;
  text: string;
  variant: number;
  attempts: number;
  waitsFor: MessageNeed | null;
  expectedAt: string | null;
  deadlineAt: string;
  externalId: string | null;
  createdAt: string;
  settledAt: string | null;
}

export type DeliveryWithMessages = DeliveryView & { messages: MessageView[] };

export async function listDeliveries(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  filter: PageRequest & {
    state?: DeliveryState | undefined;
    triggerId?: TriggerId | undefined;
    contactId?: ContactId | undefined;
    accountId?: AccountId | undefined;
  },
): Promise<Page<DeliveryView>> {
  const { state, triggerId, contactId, accountId } = filter;
  // Those of a contact or a trigger have an index of their own.
  const all = { workspaceId, ...(triggerId && { triggerId }), ...(contactId && { contactId }) };
  const wanted = { ...(state && { state }), ...(accountId && { accountId }) };
  const edge = await findEdge(filter, wanted, (where, query) =>
    prisma.delivery.findFirst({ where: { ...all, ...where }, ...query }),
  );
  const rows = await prisma.delivery.findMany({
    where: { ...all, ...wanted, ...below(filter, edge) },
    ...newestFirst(filter),
  });
  return toPageById(rows, filter.limit, toDeliveryView, edge);
}

export async function getDelivery(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  id: DeliveryId,
): Promise<DeliveryWithMessages> {
  const delivery = await findDelivery(prisma, { id, workspaceId });
  if (!delivery) throw notFound('delivery');
  return delivery;
}

export async function findDelivery(
  prisma: PrismaClient,
  where: { workspaceId: WorkspaceId } & ({ id: DeliveryId } | { eventId: string }),
): Promise<DeliveryWithMessages | null> {
  const row = await prisma.delivery.findFirst({
    where: 'eventId' in where ? { ...where, replayedAt: null } : where,
  });
  if (!row) return null;
  const messages = await prisma.message.findMany({ where: { deliveryId: row.id }, orderBy: { id: 'asc' } });
  return { ...toDeliveryView(row), messages: await toMessageViews(prisma, messages) };
}

export async function getMessage(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  id: MessageId,
): Promise<MessageView> {
  const row = await prisma.message.findFirst({ where: { id, workspaceId } });
  const [view] = await toMessageViews(prisma, row ? [row] : []);
  if (!view) throw notFound('message');
  return view;
}

/** For example the unconfirmed ones, which a person has to judge. */
export async function listMessages(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  filter: PageRequest & { state?: MessageState | undefined; accountId?: AccountId | undefined },
): Promise<Page<MessageView>> {
  const { state, accountId } = filter;
  const wanted = { ...(state && { state }), ...(accountId && { accountId }) };
  // The unconfirmed ones have an index of their own.
  const edge = await findEdge(filter, state === 'unconfirmed' ? {} : wanted, (where, query) =>
    prisma.message.findFirst({ where: { workspaceId, ...where }, ...query }),
  );
  const rows = await prisma.message.findMany({
    where: {
      workspaceId,
      ...wanted,
      // As the index of the unconfirmed ones says it.
      ...(state === 'unconfirmed' && { doubtedAt: { not: null }, settledAt: null }),
      ...below(filter, edge),
    },
    ...newestFirst(filter),
  });
  const { data, nextCursor } = toPageById(rows, filter.limit, (row) => row, edge);
  return { data: await toMessageViews(prisma, data), nextCursor };
}

function toDeliveryView(row: Delivery): DeliveryView {
  return {
    id: row.id,
    accountId: row.accountId,
    eventId: row.eventId,
    contactId: row.contactId,
    triggerId: row.triggerId,
    triggerVersion: row.triggerVersion,
    resourceId: row.resourceId,
    door: row.door as DeliveryView['door'],
    keyword: row.keyword,
    state: row.state as DeliveryState,
    reason: row.reason,
    run: row.run,
    replayOfId: row.replayOfId,
    replayedAt: row.replayedAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    settledAt: row.settledAt?.toISOString() ?? null,
  };
}

/** What a message waits for depends on its account. */
async function toMessageViews(prisma: PrismaClient, rows: readonly Message[]): Promise<MessageView[]> {
  const accountIds = [...new Set(rows.map(({ accountId }) => accountId))];
  const active = await prisma.account.findMany({
    where: { id: { in: accountIds }, state: 'active' },
    select: { id: true },
  });
  const ids = new Set(active.map(({ id }) => id));
  return rows.map((row) => toMessageView(row, ids.has(row.accountId)));
}

/** Without the lease: that is between the workers. */
function toMessageView(row: Message, isAccountActive: boolean): MessageView {
  const waitsFor = needOf(row, isAccountActive);
  return {
    id: row.id,
    deliveryId: row.deliveryId,
    accountId: row.accountId,
    kind: row.kind as MessageKind,
    state: row.state as MessageState,
    reason: row.reason,
    detail: row.detail,
    targetId: row.targetId,
    text: row.text,
    variant: row.variant,
    attempts: row.attempts,
    waitsFor,
    // A slot beyond the deadline is not one: unless the line gets shorter, the message expires.
    expectedAt: waitsFor === 'slot' && row.dueAt <= row.deadlineAt ? row.dueAt.toISOString() : null,
    deadlineAt: row.deadlineAt.toISOString(),
    externalId: row.externalId,
    createdAt: row.createdAt.toISOString(),
    settledAt: row.settledAt?.toISOString() ?? null,
  };
}

function needOf(row: Message, isAccountActive: boolean): MessageNeed | null {
  switch (row.state as MessageState) {
    case 'held':
      return 'private_message';
    case 'queued':
      return isAccountActive ? 'slot' : 'account';
    case 'sending':
      return 'answer';
    case 'unconfirmed':
      return row.lookUpAt === null ? 'person' : 'look_up';
    default:
      return null;
  }
}
