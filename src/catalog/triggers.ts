import { isDeepStrictEqual } from 'node:util';
import type { PrismaClient } from '../db/generated/client.ts';
import type { AccountId, ResourceId, TriggerId } from '../ids.ts';
import { andMore, Problem } from '../problem.ts';
import {
  completed,
  type StoredDefinition,
  type TriggerDefinition,
  triggerDefinition,
} from '../triggers/definition.ts';
import { findAccount, refuseDisconnected } from './accounts.ts';
import type { Platforms } from './identify.ts';
import { type Change, inTransaction, lockWorkspace, type Tx } from './transaction.ts';
import { findTrigger, type TriggerRow, type TriggerView, toTriggerView } from './trigger-views.ts';
import {
  applyVersion,
  type GivenState,
  insertTrigger,
  refuseDraftAgain,
  refuseUnusable,
  type Settings,
  settingsOf,
  unusable,
} from './trigger-writes.ts';

export interface TriggerInput extends TriggerDefinition {
  accountId: AccountId;
  resourceId: ResourceId;
  name: string;
  priority: number;
  state: GivenState;
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
  return insertTrigger(tx, change, accountId, settings);
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
  return rewriteTrigger(prisma, platforms, change, id, async (_tx, before) => patched(before, patch));
}

/**
 * Brings back what a version said, as a new version. Whether the trigger is on is not part of it: a mistake is undone
 * without stopping anything, and an old version does not wake what somebody paused.
 */
export async function restoreTrigger(
  prisma: PrismaClient,
  platforms: Platforms,
  change: Change,
  id: TriggerId,
  version: number,
): Promise<TriggerView> {
  return rewriteTrigger(prisma, platforms, change, id, async (tx, before) => {
    const row = await tx.triggerVersion.findUnique({
      where: { triggerId_version: { triggerId: id, version } },
    });
    if (!row) {
      throw new Problem(
        404,
        'not_found',
        `This trigger has no version ${version}: it has 1 to ${before.version}.`,
      );
    }
    const { resourceId, name, priority } = row;
    return { resourceId, name, priority, state: before.state, definition: acceptable(row.definition) };
  });
}

/** What was acceptable when it was written need not be any more. */
function acceptable(stored: unknown): TriggerDefinition {
  const read = triggerDefinition.safeParse(completed(stored as StoredDefinition));
  if (read.success) return read.data;
  const errors = read.error.issues.map(({ path, message }) => ({ field: `/${path.join('/')}`, message }));
  throw new Problem(
    422,
    'version_unacceptable',
    `What this version says is no longer acceptable: ${errors[0]?.field} ${errors[0]?.message}. Write a new version instead.`,
    { errors },
  );
}

async function rewriteTrigger(
  prisma: PrismaClient,
  platforms: Platforms,
  change: Change,
  id: TriggerId,
  rewrite: (tx: Tx, before: TriggerRow) => Promise<Settings>,
): Promise<TriggerView> {
  return inTransaction(prisma, async (tx) => {
    await lockWorkspace(tx, change.workspaceId);
    const before = await findTrigger(tx, change.workspaceId, id);
    if (before.state === 'archived') {
      throw new Problem(409, 'trigger_archived', 'This trigger is archived. Create a new one instead.');
    }
    const after = await rewrite(tx, before);
    refuseDraftAgain(before, after);
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

/** What the trigger would say after a change; nothing is written. */
export function patched(before: TriggerRow, patch: TriggerPatch): Settings {
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
