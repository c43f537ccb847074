import type { SecretBox } from '../crypto/secret-box.ts';
import type { Account, PrismaClient } from '../db/generated/client.ts';
import { type AccountId, newId, type WorkspaceId } from '../ids.ts';
import type { SendOutcome } from '../platforms/port.ts';
import { notFound, Problem } from '../problem.ts';
import { below, newestFirst, type Page, type PageRequest, toPageById } from '../records/page.ts';
import { sealCredentials } from './credentials.ts';
import { adapterFor, identifyOwner, type Owner, type Platforms } from './identify.ts';
import { type Change, inTransaction, lockWorkspace, type Tx } from './transaction.ts';

export { openCredentials } from './credentials.ts';

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
  createdAt: string;
  updatedAt: string;
}

/** The `stateReason` of an account that its owner paused. */
const pausedByOwner = 'paused_by_owner';

/**
 * Connects an account, or renews the one that this workspace connected before: it keeps its id, its triggers and its
 * history, and becomes active.
 * @param owner whom the access token belongs to, as the platform said
 */
export async function connectAccount(
  tx: Tx,
  change: Change,
  input: { platform: string; accessToken: string; owner: Owner; secretBox: SecretBox },
): Promise<{ created: boolean; account: AccountView }> {
  const { platform, owner } = input;
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
    select: { id: true },
  });
  const id = known?.id ?? newId();
  const renewed = {
    ...sealCredentials(input.secretBox, id, input),
    username: owner.username,
    state: 'active',
    stateReason: null,
    updatedAt: change.now,
  };
  if (known) await wakeMessages(tx, id, change.now);
  const row = known
    ? await tx.account.update({ where: { id }, data: renewed })
    : await tx.account.create({
        data: { id, workspaceId: change.workspaceId, ...same, ...renewed, createdAt: change.now },
      });
  return { created: !known, account: toAccountView(row) };
}

export async function listAccounts(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  filter: PageRequest & { state?: AccountState | undefined },
): Promise<Page<AccountView>> {
  const rows = await prisma.account.findMany({
    where: { workspaceId, ...(filter.state && { state: filter.state }), ...below(filter) },
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
  patch: { state?: 'active' | 'paused' | undefined; accessToken?: string | undefined },
): Promise<AccountView> {
  const { accessToken, state } = patch;
  const before = await findAccount(prisma, change.workspaceId, id);
  refuseDisconnected(before);
  const owner =
    accessToken === undefined
      ? null
      : await identifyOwner(adapterFor(deps.platforms, before.platform), accessToken, before.externalId);
  return inTransaction(prisma, async (tx) => {
    await lockWorkspace(tx, change.workspaceId);
    const account = await findAccount(tx, change.workspaceId, id);
    refuseDisconnected(account);
    const data = {
      ...(accessToken !== undefined && sealCredentials(deps.secretBox, id, { accessToken })),
      ...(owner && { username: owner.username }),
      ...(state &&
        state !== account.state && { state, stateReason: state === 'paused' ? pausedByOwner : null }),
    };
    if (Object.keys(data).length === 0) return toAccountView(account);
    if (data.state === 'active') await wakeMessages(tx, id, change.now);
    return toAccountView(
      await tx.account.update({ where: { id }, data: { ...data, updatedAt: change.now } }),
    );
  });
}

/**
 * Brings back what was parked while the account could not send. What rests because of the account itself is due at
 * once; what rests for another reason keeps its time.
 */
async function wakeMessages(tx: Tx, id: AccountId, now: Date): Promise<void> {
  const reasons: Extract<SendOutcome, { kind: 'account' }>['reason'][] = [
    'token_invalid',
    'blocked',
    'not_permitted',
  ];
  await tx.$executeRaw`
    update messages
    set due_at = case when reason = any(${reasons}) then ${now} else due_at end,
        wake_at = case when reason = any(${reasons}) then ${now} else greatest(due_at, ${now}) end
    where account_id = ${id}::uuid and state = 'queued'`;
}

/** Forgets the credentials. Triggers and history stay, for the day it is connected again. */
export async function disconnectAccount(prisma: PrismaClient, change: Change, id: AccountId): Promise<void> {
  await inTransaction(prisma, async (tx) => {
    await lockWorkspace(tx, change.workspaceId);
    const account = await findAccount(tx, change.workspaceId, id);
    if (account.state === 'disconnected') return;
    await tx.account.update({
      where: { id },
      data: {
        state: 'disconnected',
        stateReason: null,
        credentials: null,
        credentialsKeyId: null,
        updatedAt: change.now,
      },
    });
  });
}

export async function findAccount(
  db: PrismaClient | Tx,
  workspaceId: WorkspaceId,
  id: AccountId,
): Promise<Account> {
  const account = await db.account.findFirst({ where: { id, workspaceId } });
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

function toAccountView(row: Account): AccountView {
  return {
    id: row.id,
    platform: row.platform,
    externalId: row.externalId,
    username: row.username,
    state: row.state as AccountState,
    stateReason: row.stateReason,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}
