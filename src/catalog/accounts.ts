import { restartReconcile } from '../backfill/reconcile-setting.ts';
import type { SecretBox } from '../crypto/secret-box.ts';
import type { Account, AccountPace, PrismaClient } from '../db/generated/client.ts';
import { type AccountId, newId, type WorkspaceId } from '../ids.ts';
import type { Pace, PlatformAdapter } from '../platforms/port.ts';
import { notFound, Problem } from '../problem.ts';
import { below, newestFirst, type Page, type PageRequest, toPageById } from '../records/page.ts';
import { clearPaused, wakeMessages } from './account-recovery.ts';
import { type AccountSettings, applySettings } from './account-settings.ts';
import { sealCredentials } from './credentials.ts';
import { adapterFor, identifyOwner, type Owner, type Platforms } from './identify.ts';
import { unknownAge } from './renew-credentials.ts';
import { type Change, inTransaction, lockWorkspace, type Tx } from './transaction.ts';

export { createCredentialsOpener, openCredentials } from './credentials.ts';

export const accountStates = ['active', 'paused', 'disconnected'] as const;
export type AccountState = (typeof accountStates)[number];

/** What is shown of an account; its credentials never are. */
export interface AccountView {
  id: AccountId;
  platform: string;
  externalId: string;
  username: string | null;
  state: AccountState;
  stateReason: string | null;
  /** When a paused account is tried again. */
  probeAt: string | null;
  credentialsExpireAt: string | null;
  publicRepliesPerPost: number | null;
  /** In minutes; null for never. */
  reconcileEvery: number | null;
  pacing: Record<string, Pace & { custom: boolean }>;
  createdAt: string;
  updatedAt: string;
}

/** The `stateReason` of an account that its owner paused. */
const pausedByOwner = 'paused_by_owner';

/** Of an account that may send, whatever it was before. */
const resumed = { state: 'active', stateReason: null, probeAt: null, probes: 0 };

/**
 * Connects an account, or renews the one that this workspace connected before: it keeps its id, its triggers and its
 * history, and becomes active.
 * @param owner whom the access token belongs to, as the platform said
 */
export async function connectAccount(
  tx: Tx,
  change: Change,
  input: {
    adapter: PlatformAdapter;
    accessToken: string;
    owner: Owner;
    secretBox: SecretBox;
    settings: AccountSettings;
  },
): Promise<{ created: boolean; account: AccountView }> {
  const { adapter, owner, settings } = input;
  const platform = adapter.name;
  await lockWorkspace(tx, change.workspaceId);
  // Two workspaces may connect the same account at once; the unique index would tell them, but not in words.
  await tx.$executeRaw`
    select pg_advisory_xact_lock(hashtextextended(${`account:${platform}:${owner.externalId}`}, 0))`;
  const same = { platform, externalId: owner.externalId };
  const elsewhere = await tx.account.findFirst({
    where: { ...same, state: { not: 'disconnected' }, workspaceId: { not: change.workspaceId } },
    select: { id: true },
  });
  if (elsewhere) {
    throw new Problem(
      409,
      'account_connected_elsewhere',
      'This account is connected in another workspace. Disconnect it there first.',
    );
  }
  const known = await tx.account.findFirst({
    where: { ...same, workspaceId: change.workspaceId },
    orderBy: { id: 'desc' },
    select: { id: true, state: true },
  });
  const id = known?.id ?? newId();
  const renewed = {
    ...sealCredentials(input.secretBox, id, input),
    ...unknownAge(change.now),
    ...resumed,
    username: owner.username,
    updatedAt: change.now,
  };
  await (known
    ? tx.account.update({ where: { id }, data: renewed })
    : tx.account.create({
        data: { id, workspaceId: change.workspaceId, ...same, ...renewed, createdAt: change.now },
      }));
  await applySettings(tx, adapter, id, settings, change.now);
  if (known?.state === 'disconnected') await restartReconcile(tx, id, change.now);
  if (known) {
    await clearPaused(tx, id, change.now);
    await wakeMessages(tx, id, change.now);
  }
  return { created: !known, account: toAccountView(await findAccount(tx, change.workspaceId, id)) };
}

export async function listAccounts(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  filter: PageRequest & { state?: AccountState | undefined },
): Promise<Page<AccountView>> {
  const rows = await prisma.account.findMany({
    where: { workspaceId, ...(filter.state && { state: filter.state }), ...below(filter) },
    include: { paces: true },
    ...newestFirst(filter),
  });
  return toPageById(rows, filter.limit, toAccountView);
}

export async function getAccount(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  id: AccountId,
): Promise<AccountView> {
  return toAccountView(await findAccount(prisma, workspaceId, id));
}

/** Pauses, resumes, or gives an account a new access token; the token alone does not resume it. */
export async function changeAccount(
  prisma: PrismaClient,
  deps: { platforms: Platforms; secretBox: SecretBox },
  change: Change,
  id: AccountId,
  patch: AccountSettings & { state?: 'active' | 'paused' | undefined; accessToken?: string | undefined },
): Promise<AccountView> {
  const { accessToken, state, ...settings } = patch;
  const before = await findAccount(prisma, change.workspaceId, id);
  refuseDisconnected(before);
  const adapter = adapterFor(deps.platforms, before.platform);
  const owner =
    accessToken === undefined ? null : await identifyOwner(adapter, accessToken, before.externalId);
  return inTransaction(prisma, async (tx) => {
    await lockWorkspace(tx, change.workspaceId);
    const account = await findAccount(tx, change.workspaceId, id);
    refuseDisconnected(account);
    const paused = { state: 'paused', stateReason: pausedByOwner, probeAt: null, probes: 0 };
    // What the platform paused is tried again by itself; what its owner pauses is not.
    const changesState =
      state !== undefined &&
      (state !== account.state || (state === 'paused' && account.stateReason !== pausedByOwner));
    const data = {
      ...(accessToken !== undefined && {
        ...sealCredentials(deps.secretBox, id, { accessToken }),
        ...unknownAge(change.now),
      }),
      ...(owner && { username: owner.username }),
      ...(changesState && (state === 'paused' ? paused : resumed)),
    };
    const isSet = await applySettings(tx, adapter, id, settings, change.now);
    if (Object.keys(data).length === 0 && !isSet) return toAccountView(account);
    if (changesState) await clearPaused(tx, id, change.now);
    if (changesState && state === 'active') await wakeMessages(tx, id, change.now);
    await tx.account.update({ where: { id }, data: { ...data, updatedAt: change.now } });
    return toAccountView(await findAccount(tx, change.workspaceId, id));
  });
}

/** Forgets the credentials. Triggers and history stay, for the day it is connected again. */
export async function disconnectAccount(prisma: PrismaClient, change: Change, id: AccountId): Promise<void> {
  await inTransaction(prisma, async (tx) => {
    await lockWorkspace(tx, change.workspaceId);
    const account = await findAccount(tx, change.workspaceId, id);
    if (account.state === 'disconnected') return;
    await clearPaused(tx, id, change.now);
    // Without credentials nobody but a person can find out.
    await tx.message.updateMany({ where: { accountId: id, state: 'unconfirmed' }, data: { lookUpAt: null } });
    await tx.account.update({
      where: { id },
      data: {
        state: 'disconnected',
        stateReason: null,
        credentials: null,
        credentialsKeyId: null,
        credentialsExpireAt: null,
        refreshAt: null,
        probeAt: null,
        updatedAt: change.now,
      },
    });
  });
}

export async function findAccount(
  db: PrismaClient | Tx,
  workspaceId: WorkspaceId,
  id: AccountId,
): Promise<AccountRow> {
  const account = await db.account.findFirst({ where: { id, workspaceId }, include: { paces: true } });
  if (!account) throw notFound('account');
  return account;
}

export function refuseDisconnected(account: { state: string }): void {
  if (account.state !== 'disconnected') return;
  throw new Problem(
    409,
    'account_disconnected',
    'This account is disconnected. Connect it again with POST /v1/accounts; it keeps its id and its triggers.',
  );
}

type AccountRow = Account & { paces: AccountPace[] };

function toAccountView(row: AccountRow): AccountView {
  return {
    id: row.id,
    platform: row.platform,
    externalId: row.externalId,
    username: row.username,
    state: row.state as AccountState,
    stateReason: row.stateReason,
    probeAt: row.probeAt?.toISOString() ?? null,
    credentialsExpireAt: row.credentialsExpireAt?.toISOString() ?? null,
    publicRepliesPerPost: row.publicRepliesPerPost,
    reconcileEvery: row.reconcileEvery,
    pacing: Object.fromEntries(
      row.paces
        // As jsonb orders names, so that a repeated answer is the same to the letter.
        .toSorted((a, b) => a.pace.length - b.pace.length || (a.pace < b.pace ? -1 : 1))
        .map(({ pace, perHour, burst, custom }) => [pace, { perHour, burst, custom }]),
    ),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
