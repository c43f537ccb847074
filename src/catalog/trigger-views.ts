import { Prisma, type PrismaClient } from '../db/generated/client.ts';
import type { AccountId, ResourceId, TriggerId, WorkspaceId } from '../ids.ts';
import { notFound } from '../problem.ts';
import { cursorId, type Page, type PageRequest, toPageById } from '../records/page.ts';
import { completed, type TriggerDefinition, type TriggerState } from '../triggers/definition.ts';
import { type Price, price } from '../triggers/price.ts';
import type { Tx } from './transaction.ts';

/** A trigger in the version in force. */
export interface TriggerRow {
  id: TriggerId;
  accountId: AccountId;
  version: number;
  resourceId: ResourceId;
  name: string;
  state: TriggerState;
  priority: number;
  definition: TriggerDefinition;
  createdAt: Date;
  updatedAt: Date;
}

export interface TriggerView extends TriggerDefinition {
  id: TriggerId;
  accountId: AccountId;
  resourceId: ResourceId;
  name: string;
  state: TriggerState;
  priority: number;
  version: number;
  /** What a reader gives for the resource, at each door. */
  price: Price[];
  createdAt: string;
  updatedAt: string;
}

const current = Prisma.sql`
  select t.id, t.account_id as "accountId", t.version, t.created_at as "createdAt", v.resource_id as "resourceId",
         v.name, v.state, v.priority, v.definition, v.created_at as "updatedAt"
  from triggers t
  join trigger_versions v on v.trigger_id = t.id and v.version = t.version`;

/** Newest first; the archived ones only when that state is asked for. */
export async function listTriggers(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  filter: PageRequest & { accountId?: AccountId | undefined; state?: TriggerState | undefined },
): Promise<Page<TriggerView>> {
  const wanted = [
    Prisma.sql`t.workspace_id = ${workspaceId}::uuid`,
    filter.state ? Prisma.sql`v.state = ${filter.state}` : Prisma.sql`v.state <> 'archived'`,
  ];
  if (filter.accountId) wanted.push(Prisma.sql`t.account_id = ${filter.accountId}::uuid`);
  const cursor = cursorId(filter.cursor);
  if (cursor) wanted.push(Prisma.sql`t.id < ${cursor}::uuid`);
  const rows = await prisma.$queryRaw<TriggerRow[]>`
    ${current} where ${Prisma.join(wanted, ' and ')} order by t.id desc limit ${filter.limit + 1}`;
  return toPageById(rows.map(whole), filter.limit, toTriggerView);
}

export async function getTrigger(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  id: TriggerId,
): Promise<TriggerView> {
  return toTriggerView(await findTrigger(prisma, workspaceId, id));
}

export async function findTrigger(
  db: PrismaClient | Tx,
  workspaceId: WorkspaceId,
  id: TriggerId,
): Promise<TriggerRow> {
  const [row] = await db.$queryRaw<TriggerRow[]>`
    ${current} where t.id = ${id}::uuid and t.workspace_id = ${workspaceId}::uuid`;
  if (!row) throw notFound('trigger');
  return whole(row);
}

/** All of an account that are not archived. */
export async function triggersOf(db: PrismaClient | Tx, accountId: AccountId): Promise<TriggerRow[]> {
  const rows = await db.$queryRaw<TriggerRow[]>`
    ${current} where t.account_id = ${accountId}::uuid and v.state <> 'archived' order by t.id`;
  return rows.map(whole);
}

function whole(row: TriggerRow): TriggerRow {
  return { ...row, definition: completed(row.definition) };
}

export function toTriggerView({ definition, createdAt, updatedAt, ...row }: TriggerRow): TriggerView {
  return {
    ...row,
    ...completed(definition),
    price: price(completed(definition)),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
