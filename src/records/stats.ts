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
  received: number;
  fates: { fate: Fate; reason: string | null; count: number }[] | null;
  messages: { kind: MessageKind; state: MessageState; count: number }[] | null;
}

/**
 * One statement, so that all numbers are of one moment. `received` is counted by itself rather than summed up: an
 * event without a fate would show.
 */
export async function readStats(prisma: PrismaClient, workspaceId: WorkspaceId): Promise<Stats> {
  const [row] = await prisma.$queryRaw<{ tally: Tally }[]>`
    with event_counts as (
      select case when e.outcome = 'skipped' then 'skipped' else d.state end as fate,
             case when e.outcome = 'skipped' then e.reason else d.reason end as reason,
             count(*) as count
      from events e left join deliveries d on d.event_id = e.id and d.replayed_at is null
      where e.workspace_id = ${workspaceId}::uuid
      group by 1, 2
    ),
    message_counts as (
      select kind, state, count(*) as count from messages where workspace_id = ${workspaceId}::uuid group by 1, 2
    )
    select jsonb_build_object(
      'received', (select count(*) from events where workspace_id = ${workspaceId}::uuid),
      'fates', (select jsonb_agg(to_jsonb(e)) from event_counts e),
      'messages', (select jsonb_agg(to_jsonb(m)) from message_counts m)) as tally`;
  if (!row) throw new Error('an aggregate gave no row');
  const { received, fates, messages } = row.tally;
  return { received, ...countFates(fates ?? []), messages: countMessages(messages ?? []) };
}

function countFates(tallied: NonNullable<Tally['fates']>): Omit<Stats, 'received' | 'messages'> {
  const counts: Record<Fate, number> = { delivered: 0, waiting: 0, skipped: 0, failed: 0, expired: 0 };
  const reasons: Record<Fate, Counts> = { delivered: {}, waiting: {}, skipped: {}, failed: {}, expired: {} };
  for (const { fate, reason, count } of tallied) {
    if (!(fate in counts)) continue;
    counts[fate] += count;
    const byReason = reasons[fate];
    const name = reason ?? 'unspecified';
    byReason[name] = (byReason[name] ?? 0) + count;
  }
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
