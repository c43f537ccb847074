import type { PrismaClient } from '../db/generated/client.ts';
import type { WorkspaceId } from '../ids.ts';
import { Problem } from '../problem.ts';
import { completed, type StoredDefinition, type TriggerDefinition } from '../triggers/definition.ts';
import { highestPrice } from '../triggers/price.ts';
import { type Change, inTransaction, lockWorkspace, type Tx } from './transaction.ts';

export interface WorkspaceSettings {
  id: WorkspaceId;
  name: string;
  /** The most payments that a trigger may ask of anybody; null for no bound. */
  maxPrice: number | null;
  createdAt: string;
}

export async function getWorkspace(prisma: PrismaClient | Tx, id: WorkspaceId): Promise<WorkspaceSettings> {
  const { name, maxPrice, createdAt } = await prisma.workspace.findUniqueOrThrow({ where: { id } });
  return { id, name, maxPrice, createdAt: createdAt.toISOString() };
}

/**
 * Sets the policy. A bound that active triggers are above is refused: nothing that works stops by surprise.
 * @throws Problem `price_too_high`
 */
export async function changeWorkspace(
  prisma: PrismaClient,
  change: Change,
  patch: { maxPrice?: number | null | undefined },
): Promise<WorkspaceSettings> {
  const { maxPrice } = patch;
  return inTransaction(prisma, async (tx) => {
    await lockWorkspace(tx, change.workspaceId);
    if (maxPrice === undefined) return getWorkspace(tx, change.workspaceId);
    if (maxPrice !== null) await refuseDearerTriggers(tx, change.workspaceId, maxPrice);
    await tx.workspace.update({ where: { id: change.workspaceId }, data: { maxPrice } });
    return getWorkspace(tx, change.workspaceId);
  });
}

async function refuseDearerTriggers(tx: Tx, workspaceId: WorkspaceId, maxPrice: number): Promise<void> {
  const active = await tx.$queryRaw<{ name: string; definition: StoredDefinition }[]>`
    select v.name, v.definition
    from triggers t join trigger_versions v on v.trigger_id = t.id and v.version = t.version
    where t.workspace_id = ${workspaceId}::uuid and v.state = 'active' order by t.id`;
  const dearer = active.filter(({ definition }) => highestPrice(completed(definition)) > maxPrice);
  const [first] = dearer;
  if (!first) return;
  const others = dearer.length > 1 ? ` and ${dearer.length - 1} more` : '';
  throw new Problem(
    422,
    'price_too_high',
    `The active trigger "${first.name}"${others} asks for more than ${maxPrice}. Pause it, or close the door that costs so much, and then set the bound.`,
    { field: '/maxPrice' },
  );
}

/** @throws Problem `price_too_high` where a trigger asks somebody for more than the workspace allows */
export async function refuseDearer(
  tx: Tx,
  workspaceId: WorkspaceId,
  definition: TriggerDefinition,
): Promise<void> {
  const { maxPrice } = await getWorkspace(tx, workspaceId);
  const asked = highestPrice(definition);
  if (maxPrice === null || asked <= maxPrice) return;
  throw new Problem(
    422,
    'price_too_high',
    `This trigger asks for ${asked} ${asked === 1 ? 'payment' : 'payments'}, and the workspace allows ${maxPrice}. Close the door that costs so much, pause the trigger, or raise maxPrice.`,
    { field: '/doors' },
  );
}
