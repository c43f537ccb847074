import type { AccountId, EventId, TriggerId, WorkspaceId } from '../ids.ts';
import type { ListedComment, PlatformAdapter } from '../platforms/port.ts';
import { type Decision, decide, type IntakeAccount } from './decide.ts';
import type { EventReason } from './reasons.ts';

/** Who looks for comments, and what may become of those that are found. */
export interface Finder {
  accountId: AccountId;
  /** The row of the back-fill, which the ledger names. */
  id: string;
  by: 'backfill' | 'reconcile';
  /** Only what this trigger answers; null for all of the account's. */
  triggerId: TriggerId | null;
  /** Whether comments are decided about again that were skipped when they came. */
  reconsiders: boolean;
}

/** What is stored of a comment already. */
export interface KnownEvent {
  id: EventId;
  workspaceId: WorkspaceId | null;
  outcome: 'matched' | 'skipped';
  reason: string;
}

/** Why a comment that was found is left alone; beside the reasons of events, what lies in the finding itself. */
export const passedOver = ['already_served', 'sold_out', 'other_trigger', 'other_workspace'] as const;
export type FoundReason = EventReason | (typeof passedOver)[number];

/** What is to be done about a comment that was found. */
export type Judgement =
  /** It led to a delivery before. */
  | { kind: 'known' }
  /** `store`: it is new, and kept like any other that is skipped. */
  | {
      kind: 'skip';
      reason: FoundReason;
      store: Extract<Decision, { outcome: 'skipped' }> | null;
      isNew: boolean;
    }
  /** `was`: the reason for which it had been skipped; null where it is new. */
  | {
      kind: 'match';
      decision: Extract<Decision, { outcome: 'matched' }>;
      known: { id: EventId; was: string } | null;
    };

/**
 * Decides as a webhook's comment is decided, and then what a list knows in addition: the comment may be too old, hidden,
 * known, or another trigger's.
 */
export function judgeFound(
  { event, hidden }: ListedComment,
  known: KnownEvent | null,
  context: {
    adapter: PlatformAdapter;
    account: IntakeAccount;
    finder: Finder;
    now: Date;
    random: () => number;
  },
): Judgement {
  const { adapter, account, finder, now, random } = context;
  if (known?.outcome === 'matched') return { kind: 'known' };
  const isNew = known === null;
  const skip = (reason: EventReason): Judgement => {
    return { kind: 'skip', reason, store: isNew ? { outcome: 'skipped', reason } : null, isNew };
  };
  const passOver = (reason: FoundReason): Judgement => ({ kind: 'skip', reason, store: null, isNew });
  // It came when the account was connected elsewhere, and belongs there.
  if (known && known.workspaceId !== null && known.workspaceId !== account.workspaceId) {
    return passOver('other_workspace');
  }

  // As if it had been told of when it was written.
  const cameAt = event.occurredAt ?? now;
  const decision = decide(event, account, cameAt, adapter.capabilities.textLimits, random);
  // Not kept: under a post with public replies every other comment is one, and one that is told of just after a send
  // counts as the proof of it (src/deliveries/reconcile.ts), which an old one that is found must not.
  if (decision.reason === 'own_comment' || known?.reason === 'own_comment') {
    return { kind: 'skip', reason: 'own_comment', store: null, isNew: false };
  }
  if (decision.outcome === 'skipped') return skip(decision.reason);
  if (finder.triggerId !== null && decision.trigger.id !== finder.triggerId) return passOver('other_trigger');
  if (adapter.answerDeadline(event, now) <= now) return skip('window_over');
  if (hidden) return skip('hidden_comment');
  if (!known) return { kind: 'match', decision, known: null };
  if (!finder.reconsiders) return passOver(known.reason as EventReason);
  return { kind: 'match', decision, known: { id: known.id, was: known.reason } };
}
