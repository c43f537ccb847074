import type { Delivery, Message, PrismaClient } from '../db/generated/client.ts';
import type { AccountId, ContactId, DeliveryId, MessageId, TriggerId, WorkspaceId } from '../ids.ts';
import type { MessageKind } from '../platforms/port.ts';
import { notFound } from '../problem.ts';
import { below, newestFirst, type Page, type PageRequest, toPageById } from './page.ts';

export const deliveryStates = ['waiting', 'delivered', 'failed', 'expired'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export const doors = ['comment', 'private'] as const;

export const messageKinds = ['private_reply', 'public_reply'] as const satisfies MessageKind[];
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
  dueAt: string;
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
  const rows = await prisma.delivery.findMany({
    where: {
      workspaceId,
      ...(state && { state }),
      ...(triggerId && { triggerId }),
      ...(contactId && { contactId }),
      ...(accountId && { accountId }),
      ...below(filter),
    },
    ...newestFirst(filter),
  });
  return toPageById(rows, filter.limit, toDeliveryView);
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
    where,
    include: { messages: { orderBy: { id: 'asc' } } },
  });
  return row && { ...toDeliveryView(row), messages: row.messages.map(toMessageView) };
}

/** For example the unconfirmed ones, which a person has to judge. */
export async function listMessages(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  filter: PageRequest & { state?: MessageState | undefined },
): Promise<Page<MessageView>> {
  const rows = await prisma.message.findMany({
    where: { workspaceId, ...(filter.state && { state: filter.state }), ...below(filter) },
    ...newestFirst(filter),
  });
  return toPageById(rows, filter.limit, toMessageView);
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
    createdAt: row.createdAt.toISOString(),
    settledAt: row.settledAt?.toISOString() ?? null,
  };
}

/** Without the lease: that is between the workers. */
function toMessageView(row: Message): MessageView {
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
    dueAt: row.dueAt.toISOString(),
    deadlineAt: row.deadlineAt.toISOString(),
    externalId: row.externalId,
    createdAt: row.createdAt.toISOString(),
    settledAt: row.settledAt?.toISOString() ?? null,
  };
}
