import type { PrismaClient } from '../db/generated/client.ts';
import type { WorkspaceId } from '../ids.ts';
import type { MessageKind } from '../platforms/port.ts';
import { type MessageState, messageKinds, messageStates } from './deliveries.ts';

type Fate = 'delivered' | 'waiting' | 'skipped' | 'failed' | 'expired';
type Counts = Record<string, number>;

/** What became of everything that was received: `received` is exactly the sum of the five that follow it. */
export interface Stats extends Record<Fate, number> {
  received: number;
  skippedByReason: Counts;
  failedByReason: Counts;
  expiredByReason: Counts;
  messages: Record<MessageKind, Record<MessageState, number>>;
}

interface Tally {
  events: { outcome: 'matched' | 'skipped'; reason: string; count: number }[] | null;
  deliveries: { state: Fate; reason: string; count: number }[] | null;
  messages: { kind: MessageKind; state: MessageState; count: number }[] | null;
}

/**
 * One statement, so that all numbers are of one moment: the tallies, and the changes that are not folded into them yet.
 * `received` is what events say and the rest what deliveries say: an event without a fate would show.
 */
export async function readStats(prisma: PrismaClient, workspaceId: WorkspaceId): Promise<Stats> {
  const [row] = await prisma.$queryRaw<{ tally: Tally }[]>`
    with tally as (
      select subject, state, label, sum(count)::bigint as count
      from (
        select subject, state, label, count from tallies where workspace_id = ${workspaceId}::uuid
        union all
        select subject, state, label, change from tally_changes where workspace_id = ${workspaceId}::uuid
      ) t
      group by subject, state, label
    )
    select jsonb_build_object(
      'events', (
        select jsonb_agg(jsonb_build_object('outcome', state, 'reason', label, 'count', count))
        from tally where subject = 'event'),
      'deliveries', (
        select jsonb_agg(jsonb_build_object('state', state, 'reason', label, 'count', count))
        from tally where subject = 'delivery'),
      'messages', (
        select jsonb_agg(jsonb_build_object('kind', label, 'state', state, 'count', count))
        from tally where subject = 'message')) as tally`;
  if (!row) throw new Error('an aggregate gave no row');
  const { events, deliveries, messages } = row.tally;
  return {
    received: (events ?? []).reduce((sum, { count }) => sum + count, 0),
    ...countFates(events ?? [], deliveries ?? []),
    messages: countMessages(messages ?? []),
  };
}

function countFates(
  events: NonNullable<Tally['events']>,
  deliveries: NonNullable<Tally['deliveries']>,
): Omit<Stats, 'received' | 'messages'> {
  const counts: Record<Fate, number> = { delivered: 0, waiting: 0, skipped: 0, failed: 0, expired: 0 };
  const reasons: Record<Fate, Counts> = { delivered: {}, waiting: {}, skipped: {}, failed: {}, expired: {} };
  const add = (fate: Fate, reason: string, count: number) => {
    // A tally that has gone down to nothing stays.
    if (count === 0) return;
    counts[fate] += count;
    const name = reason || 'unspecified';
    reasons[fate][name] = (reasons[fate][name] ?? 0) + count;
  };
  for (const { outcome, reason, count } of events) if (outcome === 'skipped') add('skipped', reason, count);
  for (const { state, reason, count } of deliveries) add(state, reason, count);
  return {
    ...counts,
    skippedByReason: reasons.skipped,
    failedByReason: reasons.failed,
    expiredByReason: reasons.expired,
  };
}

function countMessages(tallied: NonNullable<Tally['messages']>): Stats['messages'] {
  const none = () =>
    Object.fromEntries(messageStates.map((state) => [state, 0])) as Record<MessageState, number>;
  const counts = Object.fromEntries(messageKinds.map((kind) => [kind, none()])) as Stats['messages'];
  for (const { kind, state, count } of tallied) counts[kind][state] = count;
  return counts;
}
