import { type Change, inTransaction, type Tx } from '../catalog/transaction.ts';
import type { Backfill, Prisma, PrismaClient } from '../db/generated/client.ts';
import { type AccountId, newId, type TriggerId, type WorkspaceId } from '../ids.ts';
import type { PlatformAdapter } from '../platforms/port.ts';
import { notFound, Problem } from '../problem.ts';
import { below, newestFirst, type Page, type PageRequest, toPageById } from '../records/page.ts';
import { nothingYet, type Progress } from './progress.ts';
import { resolveSelection, type SelectionInput } from './selection.ts';
import { startOf } from './walk.ts';

export const backfillKinds = ['backfill', 'reconcile'] as const;
export const backfillStates = ['running', 'paused', 'stopped', 'done', 'failed'] as const;
export const backfillNeeds = ['account', 'turn'] as const;

export interface BackfillView {
  id: string;
  accountId: AccountId;
  kind: (typeof backfillKinds)[number];
  triggerId: TriggerId | null;
  mediaIds: string[];
  latestPosts: number;
  since: string;
  state: (typeof backfillStates)[number];
  reason: string | null;
  detail: string | null;
  /** What a running one waits for. */
  waitsFor: (typeof backfillNeeds)[number] | null;
  nextAt: string | null;
  progress: Progress;
  missed: number;
  createdAt: string;
  updatedAt: string;
  finishedAt: string | null;
}

type Row = Backfill & { account: { state: string } };

const withAccount = { account: { select: { state: true } } };

/** A worker makes its first step within a second. */
export async function startBackfill(
  tx: Tx,
  platforms: ReadonlyMap<string, PlatformAdapter>,
  change: Change,
  input: SelectionInput,
): Promise<BackfillView> {
  const { workspaceId, now } = change;
  const { account, selection } = await resolveSelection(tx, platforms, workspaceId, input, now);
  const { mediaIds, ...rest } = selection;
  const row = await tx.backfill.create({
    data: {
      id: newId(),
      workspaceId,
      accountId: account.id,
      kind: 'backfill',
      mediaIds: [...mediaIds],
      ...rest,
      position: startOf(mediaIds) as unknown as Prisma.InputJsonObject,
      progress: nothingYet as unknown as Prisma.InputJsonObject,
      nextAt: now,
      createdAt: now,
      updatedAt: now,
    },
    include: withAccount,
  });
  return toView(row, now);
}

export async function listBackfills(
  prisma: PrismaClient,
  workspaceId: WorkspaceId,
  filter: PageRequest & {
    accountId?: AccountId | undefined;
    state?: BackfillView['state'] | undefined;
    kind: BackfillView['kind'];
  },
  now: Date,
): Promise<Page<BackfillView>> {
  const { accountId, state, kind } = filter;
  const rows = await prisma.backfill.findMany({
    where: { workspaceId, kind, ...(accountId && { accountId }), ...(state && { state }), ...below(filter) },
    include: withAccount,
    ...newestFirst(filter),
  });
  return toPageById(rows, filter.limit, (row) => toView(row, now));
}

export async function getBackfill(
  prisma: PrismaClient | Tx,
  workspaceId: WorkspaceId,
  id: string,
  now: Date,
): Promise<BackfillView> {
  const row = await prisma.backfill.findFirst({ where: { id, workspaceId }, include: withAccount });
  if (!row) throw notFound('back-fill');
  return toView(row, now);
}

export const backfillVerbs = ['pause', 'resume', 'stop'] as const;
type Verb = (typeof backfillVerbs)[number];

/** From which states, and to which. What is in the state already stays there. */
const moves: Record<Verb, { from: BackfillView['state'][]; to: BackfillView['state'] }> = {
  pause: { from: ['running'], to: 'paused' },
  resume: { from: ['paused', 'failed'], to: 'running' },
  stop: { from: ['running', 'paused', 'failed'], to: 'stopped' },
};

/**
 * A page that is being read at the moment is still taken in; after it nothing is read. What was found is answered all the
 * same: its messages are messages like any others.
 */
export async function moveBackfill(
  prisma: PrismaClient,
  change: Change,
  id: string,
  verb: Verb,
): Promise<BackfillView> {
  const { workspaceId, now } = change;
  const { from, to } = moves[verb];
  return inTransaction(prisma, async (tx) => {
    const { count } = await tx.backfill.updateMany({
      where: { id, workspaceId, kind: 'backfill', state: { in: from } },
      data: {
        state: to,
        updatedAt: now,
        ...(verb === 'resume' && { reason: null, detail: null, failures: 0, nextAt: now }),
        ...(verb === 'stop' && { finishedAt: now }),
      },
    });
    const after = await getBackfill(tx, workspaceId, id, now);
    if (count === 1 || (after.state === to && after.kind === 'backfill')) return after;
    if (after.kind === 'reconcile') {
      throw new Problem(
        409,
        'backfill_is_setting',
        'This one belongs to its account. Change the account’s reconcileEvery instead.',
      );
    }
    throw new Problem(
      409,
      'backfill_not_movable',
      `This back-fill is ${after.state}, so it cannot be ${verb === 'stop' ? 'stopped' : `${verb}d`}.`,
    );
  });
}

function toView(row: Row, now: Date): BackfillView {
  const state = row.state as BackfillView['state'];
  const active = row.account.state === 'active';
  const runs = state === 'running';
  return {
    id: row.id,
    accountId: row.accountId,
    kind: row.kind as BackfillView['kind'],
    triggerId: row.triggerId,
    mediaIds: row.mediaIds,
    latestPosts: row.latestPosts,
    since: row.since.toISOString(),
    state,
    reason: row.reason,
    detail: row.detail,
    waitsFor: !runs ? null : active ? (row.nextAt > now ? 'turn' : null) : 'account',
    nextAt: runs && active ? row.nextAt.toISOString() : null,
    progress: row.progress as unknown as Progress,
    missed: row.missed,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  };
}
