import { setReconcile } from '../backfill/reconcile-setting.ts';
import type { AccountPace } from '../db/generated/client.ts';
import type { AccountId } from '../ids.ts';
import type { Pace, PlatformAdapter } from '../platforms/port.ts';
import { Problem } from '../problem.ts';
import type { Tx } from './transaction.ts';

/** What an owner may set about an account; what is left out stays as it is. */
export interface AccountSettings {
  /** null for the platform's own pace. */
  pacing?: Record<string, Pace | null> | undefined;
  publicRepliesPerPost?: number | null | undefined;
  /** In minutes; null for never. */
  reconcileEvery?: number | null | undefined;
}

/** @returns whether anything was set */
export async function applySettings(
  tx: Tx,
  adapter: PlatformAdapter,
  id: AccountId,
  settings: AccountSettings,
  now: Date,
): Promise<boolean> {
  const { pacing = {}, publicRepliesPerPost, reconcileEvery } = settings;
  const { paces } = adapter.capabilities;
  for (const pace of Object.keys(pacing)) {
    if (Object.hasOwn(paces, pace)) continue;
    throw new Problem(
      422,
      'pace_unknown',
      `${adapter.name} counts no calls of this name. It counts: ${Object.keys(paces).join(', ')}.`,
      { field: `/pacing/${pace}` },
    );
  }
  if (publicRepliesPerPost !== undefined) {
    await tx.account.update({ where: { id }, data: { publicRepliesPerPost } });
  }
  if (reconcileEvery !== undefined) {
    const account = await tx.account.findUniqueOrThrow({
      where: { id },
      select: { id: true, workspaceId: true },
    });
    await setReconcile(tx, account, reconcileEvery, now);
  }
  for (const [pace, usual] of Object.entries(paces)) {
    const wanted = pacing[pace];
    const lane = { ...(wanted ?? usual), custom: wanted != null };
    const known = await tx.accountPace.findUnique({ where: { accountId_pace: { accountId: id, pace } } });
    if (!known) {
      await tx.accountPace.create({
        data: { accountId: id, pace, ...lane, usedUntil: now, nextSlotAt: now },
      });
    } else if (wanted !== undefined && !isSameLane(known, lane)) {
      await changeLane(tx, known, lane, now);
    }
  }
  return publicRepliesPerPost !== undefined || reconcileEvery !== undefined || Object.keys(pacing).length > 0;
}

function isSameLane(known: Pace & { custom: boolean }, wanted: Pace & { custom: boolean }): boolean {
  return known.perHour === wanted.perHour && known.burst === wanted.burst && known.custom === wanted.custom;
}

/**
 * What waits gets its slots anew. The calls that were made count on, each at the length of the new pace: another pace is
 * not another burst.
 */
async function changeLane(
  tx: Tx,
  { accountId, pace }: AccountPace,
  lane: Pace & { custom: boolean },
  now: Date,
): Promise<void> {
  // Computed where it is stored: calls may be made while the change is on its way.
  await tx.$executeRaw`
    update account_paces
    set used_until = ${now}::timestamptz + greatest(used_until - ${now}::timestamptz, interval '0')
          * (per_hour::float8 / ${lane.perHour}::int),
        per_hour = ${lane.perHour}, burst = ${lane.burst}, custom = ${lane.custom}, relay_at = ${now}
    where account_id = ${accountId}::uuid and pace = ${pace}`;
}
