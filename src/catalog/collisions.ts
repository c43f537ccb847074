import type { PrismaClient } from '../db/generated/client.ts';
import type { TriggerId, WorkspaceId } from '../ids.ts';
import { findCollisions } from '../triggers/collisions.ts';
import type { Tx } from './transaction.ts';
import { findTrigger, type TriggerView, triggersOf } from './trigger-views.ts';

export interface CollisionView {
  triggerId: TriggerId;
  name: string;
  text: string;
  wins: boolean;
}

/** Among more a person would not look either, and reading them all takes too long for a save. */
const maxCompared = 2_000;

export type SavedTrigger = TriggerView & { collisions: CollisionView[] };

/** A trigger as it was saved, with those of its account that the same comment could fire. None where it is not active. */
export async function withCollisions(
  db: PrismaClient | Tx,
  workspaceId: WorkspaceId,
  saved: TriggerView,
): Promise<SavedTrigger> {
  const none = { ...saved, collisions: [] };
  if (saved.state !== 'active') return none;
  if ((await db.trigger.count({ where: { accountId: saved.accountId } })) > maxCompared) return none;
  const [own, all] = await Promise.all([
    findTrigger(db, workspaceId, saved.id),
    triggersOf(db, saved.accountId),
  ]);
  const others = all.filter(({ id, state }) => id !== saved.id && state === 'active');
  const collisions = findCollisions(own, others).map(({ other, text, wins }) => {
    return { triggerId: other.id, name: other.name, text, wins };
  });
  return { ...saved, collisions };
}
