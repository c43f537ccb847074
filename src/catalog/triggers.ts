import { isDeepStrictEqual } from 'node:util';
import type { Account, Prisma, PrismaClient } from '../db/generated/client.ts';
import { type AccountId, newId, type ResourceId, type TriggerId } from '../ids.ts';
import { andMore, Problem } from '../problem.ts';
import { type TriggerDefinition, type TriggerState, triggerDefinition } from '../triggers/definition.ts';
import { findAccount, refuseDisconnected } from './accounts.ts';
import { adapterFor, type Platforms } from './identify.ts';
import { refuseTemplates, templateErrors } from './template-check.ts';
import { type Change, inTransaction, lockWorkspace, type Tx } from './transaction.ts';
import { findTrigger, type TriggerRow, type TriggerView, toTriggerView } from './trigger-views.ts';
import { refuseDearer } from './workspace-policy.ts';

/** Everything about a trigger that can change. */
interface Settings {
  resourceId: ResourceId;
  name: string;
  priority: number;
  state: TriggerState;
  definition: TriggerDefinition;
}

export interface TriggerInput extends TriggerDefinition {
  accountId: AccountId;
  resourceId: ResourceId;
  name: string;
  priority: number;
  state: 'active' | 'paused';
}

type Maybe<Fields> = { [Name in keyof Fields]?: Fields[Name] | undefined };
export type TriggerPatch = Maybe<Omit<TriggerInput, 'accountId'>>;

export async function createTrigger(
  tx: Tx,
  platforms: Platforms,
  change: Change,
  input: TriggerInput,
): Promise<TriggerView> {
  await lockWorkspace(tx, change.workspaceId);
  const { accountId, resourceId, name, priority, state, ...definition } = input;
  const account = await tx.account.findFirst({ where: { id: accountId, workspaceId: change.workspaceId } });
  if (!account) throw unusable('account', 'account_unknown', 'There is no such account in your workspace.');
  if (account.state === 'disconnected') {
    throw unusable(
      'account',
      'account_disconnected',
      'This account is disconnected. Connect it again first.',
    );
  }
  const settings = { resourceId, name, priority, state, definition };
  await refuseUnusable(tx, platforms, account, settings);
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

/**
 * Writes a new version, unless nothing changes. It counts for every comment that is received once this is committed;
 * deliveries under way keep theirs.
 */
export async function changeTrigger(
  prisma: PrismaClient,
  platforms: Platforms,
  change: Change,
  id: TriggerId,
  patch: TriggerPatch,
): Promise<TriggerView> {
  return inTransaction(prisma, async (tx) => {
    await lockWorkspace(tx, change.workspaceId);
    const before = await findTrigger(tx, change.workspaceId, id);
    if (before.state === 'archived') {
      throw new Problem(409, 'trigger_archived', 'This trigger is archived. Create a new one instead.');
    }
    const after = patched(before, patch);
    if (isDeepStrictEqual(after, settingsOf(before))) return toTriggerView(before);
    const account = await findAccount(tx, change.workspaceId, before.accountId);
    // Less may always happen; anything else needs an account that could do it.
    const onlyPauses =
      after.state === 'paused' && isDeepStrictEqual({ ...after, state: before.state }, settingsOf(before));
    if (!onlyPauses) {
      refuseDisconnected(account);
      await refuseUnusable(tx, platforms, account, after);
    }
    return applyVersion(tx, change, before, after);
  });
}

/** Ends it for good. Its versions and what it delivered stay. */
export async function archiveTrigger(prisma: PrismaClient, change: Change, id: TriggerId): Promise<void> {
  await inTransaction(prisma, async (tx) => {
    await lockWorkspace(tx, change.workspaceId);
    const before = await findTrigger(tx, change.workspaceId, id);
    if (before.state === 'archived') return;
    await applyVersion(tx, change, before, { ...settingsOf(before), state: 'archived' });
  });
}

async function applyVersion(
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
async function refuseUnusable(
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

function unusable(what: 'account' | 'resource', code: string, detail: string): Problem {
  return new Problem(422, code, detail, { field: `/${what}Id` });
}

function settingsOf({ resourceId, name, priority, state, definition }: TriggerRow): Settings {
  return { resourceId, name, priority, state, definition };
}

function patched(before: TriggerRow, patch: TriggerPatch): Settings {
  const { resourceId, name, priority, state, ...definition } = patch;
  const given = Object.fromEntries(Object.entries(definition).filter(([, value]) => value !== undefined));
  return {
    resourceId: resourceId ?? before.resourceId,
    name: name ?? before.name,
    priority: priority ?? before.priority,
    state: state ?? before.state,
    // What was valid when it was written stays as it is until it is itself changed.
    definition:
      Object.keys(given).length === 0 ? before.definition : checked({ ...before.definition, ...given }),
  };
}

/** What fits alone need not fit what was there before: keywords of the mode word are no emoji. */
function checked(definition: unknown): TriggerDefinition {
  const result = triggerDefinition.safeParse(definition);
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => ({ field: `/${path.join('/')}`, message }));
  throw new Problem(422, 'body_invalid', `${errors[0]?.field} ${errors[0]?.message}${andMore(errors)}.`, {
    errors,
  });
}
