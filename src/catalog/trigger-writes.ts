import type { Account, Prisma } from '../db/generated/client.ts';
import { type AccountId, newId, type ResourceId, type TriggerId } from '../ids.ts';
import { Problem } from '../problem.ts';
import type { TriggerDefinition, TriggerState } from '../triggers/definition.ts';
import { adapterFor, type Platforms } from './identify.ts';
import { refuseTemplates, templateErrors } from './template-check.ts';
import type { Change, Tx } from './transaction.ts';
import { type TriggerRow, type TriggerView, toTriggerView } from './trigger-views.ts';
import { refuseDearer } from './workspace-policy.ts';

/** Everything about a trigger that can change. */
export interface Settings {
  resourceId: ResourceId;
  name: string;
  priority: number;
  state: TriggerState;
  definition: TriggerDefinition;
}

/** What a caller may set; archiving is a matter of its own. */
export type GivenState = Exclude<TriggerState, 'archived'>;

export function settingsOf({ resourceId, name, priority, state, definition }: TriggerRow): Settings {
  return { resourceId, name, priority, state, definition };
}

export async function insertTrigger(
  tx: Tx,
  change: Change,
  accountId: AccountId,
  settings: Settings,
): Promise<TriggerView> {
  const trigger = await tx.trigger.create({
    data: { id: newId(), workspaceId: change.workspaceId, accountId, version: 1, createdAt: change.now },
  });
  await writeVersion(tx, change, { id: trigger.id, accountId, version: 1 }, settings);
  return toTriggerView({
    id: trigger.id,
    accountId,
    version: 1,
    ...settings,
    createdAt: trigger.createdAt,
    updatedAt: change.now,
  });
}

export async function applyVersion(
  tx: Tx,
  change: Change,
  before: TriggerRow,
  after: Settings,
): Promise<TriggerView> {
  const version = before.version + 1;
  await writeVersion(tx, change, { id: before.id, accountId: before.accountId, version }, after);
  await tx.trigger.update({ where: { id: before.id }, data: { version } });
  return toTriggerView({ ...before, ...after, version, updatedAt: change.now });
}

/** Raising the account's revision makes intake read its triggers again, and dates the version for explanations. */
async function writeVersion(
  tx: Tx,
  change: Change,
  of: { id: TriggerId; accountId: AccountId; version: number },
  { definition, ...settings }: Settings,
): Promise<void> {
  const { triggerRevision } = await tx.account.update({
    where: { id: of.accountId },
    data: { triggerRevision: { increment: 1 } },
    select: { triggerRevision: true },
  });
  await tx.triggerVersion.create({
    data: {
      triggerId: of.id,
      version: of.version,
      accountId: of.accountId,
      revision: triggerRevision,
      ...settings,
      definition: definition as unknown as Prisma.InputJsonObject,
      createdAt: change.now,
      createdById: change.keyId,
    },
  });
}

/** Refuses a price above the workspace's, a resource that cannot be given, and templates that would fail on a reader. */
export async function refuseUnusable(
  tx: Tx,
  platforms: Platforms,
  account: Account,
  { resourceId, definition, state }: Settings,
): Promise<void> {
  if (state === 'active') await refuseDearer(tx, account.workspaceId, definition);
  const resource = await tx.resource.findFirst({
    where: { id: resourceId, workspaceId: account.workspaceId },
  });
  if (!resource)
    throw unusable('resource', 'resource_unknown', 'There is no such resource in your workspace.');
  if (resource.archivedAt) {
    throw unusable('resource', 'resource_archived', 'This resource is archived. Use another one.');
  }
  const context = {
    resource: { name: resource.name, url: resource.url, text: resource.text },
    account: { username: account.username },
  };
  refuseTemplates(templateErrors(definition, context, adapterFor(platforms, account.platform)));
}

export function unusable(what: 'account' | 'resource', code: string, detail: string): Problem {
  return new Problem(422, code, detail, { field: `/${what}Id` });
}

/** That it never fired is what a draft says of a trigger: one that could have is paused instead. */
export function refuseDraftAgain(before: { state: TriggerState }, after: { state: TriggerState }): void {
  if (after.state !== 'draft' || before.state === 'draft') return;
  throw new Problem(
    409,
    'trigger_not_draft',
    'This trigger has been more than a draft and does not become one again. Pause it instead.',
    { field: '/state' },
  );
}
