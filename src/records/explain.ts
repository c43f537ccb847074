import type { PrismaClient } from '../db/generated/client.ts';
import type { EventId } from '../ids.ts';
import { describeReason, type EventReason, eventReasons } from '../intake/reasons.ts';
import type { LedgerKind } from '../ledger/kinds.ts';
import {
  compileTriggers,
  type KeywordHit,
  type MatchableComment,
  type MatchableTrigger,
  missReasons,
  type TriggerSet,
  type TriggerVerdict,
} from '../triggers/matcher.ts';
import { anyKeyword, type MatchMode } from '../triggers/modes.ts';
import type { NearMiss } from '../triggers/near-miss.ts';
import { type DeliveryWithMessages, findDelivery, type MessageView } from './deliveries.ts';
import { type EventScope, type EventView, getEvent } from './events.ts';
import { type LedgerEntryView, ledgerOf } from './ledger.ts';
import { describeVerdict } from './verdicts.ts';

export interface ExplainedTrigger {
  triggerId: string;
  name: string;
  version: number;
  priority: number;
  verdict: TriggerVerdict['verdict'];
  /** The keyword that was found, and where: `[start, end)` in UTF-16 units of the comment's text. */
  keyword?: string;
  span?: { start: number; end: number };
  mode?: MatchMode;
  how?: KeywordHit['how'];
  /** Of several keywords that all had to be there, each with its place. */
  parts?: KeywordHit[];
  /** A keyword that nearly was there. */
  near?: NearMiss;
  sentence: string;
}

export interface Explanation {
  event: EventView & { payload: unknown };
  outcome: EventView['outcome'];
  reason: string;
  /** One sentence for people. */
  summary: string;
  /** In the order of arbitration; empty where no trigger was asked. */
  triggers: ExplainedTrigger[];
  delivery: DeliveryWithMessages | null;
  ledger: LedgerEntryView[];
}

/** The reasons that triggers gave; the others were decided before any was asked. */
export const decidedByTriggers: ReadonlySet<string> = new Set<EventReason>([
  'trigger_matched',
  'message_unrenderable',
  ...missReasons,
]);

/**
 * Why an event ended as it did. Nothing of it was stored with the event: the triggers are taken as they were when it
 * was matched, and asked again, so the answer stays true whatever was edited since.
 */
export async function explainEvent(
  prisma: PrismaClient,
  scope: EventScope,
  id: EventId,
): Promise<Explanation> {
  const event = await getEvent(prisma, scope, id);
  const [triggers, delivery] = await Promise.all([
    explainTriggers(prisma, event),
    event.outcome === 'matched'
      ? findDelivery(prisma, { workspaceId: scope.workspaceId, eventId: id })
      : null,
  ]);
  const ledger = delivery ? await ledgerOf(prisma, scope.workspaceId, delivery.id) : [];
  return {
    event,
    outcome: event.outcome,
    reason: event.reason,
    summary: summarise(event, triggers, delivery, ledger),
    triggers,
    delivery,
    ledger,
  };
}

async function explainTriggers(prisma: PrismaClient, event: EventView): Promise<ExplainedTrigger[]> {
  const { accountId, triggerRevision, text } = event;
  const asked = (event.kind === 'comment' || event.kind === 'message') && decidedByTriggers.has(event.reason);
  if (!asked || accountId === null || triggerRevision === null || text === null) return [];
  const then = compileTriggers(await triggersAsOf(prisma, accountId, triggerRevision));
  return explainComment(then, asComment({ ...event, text }));
}

/** A stored event as triggers see it. */
export function asComment(event: {
  kind: string;
  text: string;
  parentId: string | null;
  mediaId: string | null;
  receivedAt: Date | string;
}): MatchableComment {
  const said = { text: event.text, at: new Date(event.receivedAt) };
  // A message stands under no post and answers no comment.
  if (event.kind !== 'comment') return { ...said, isReply: false, mediaId: null, door: 'private' };
  return { ...said, isReply: event.parentId !== null, mediaId: event.mediaId, door: 'comment' };
}

/** What each trigger has to say about a comment, in words as well. */
export function explainComment(set: TriggerSet, comment: MatchableComment): ExplainedTrigger[] {
  const names = new Map(set.triggers.map((trigger) => [trigger.id, trigger.name]));
  return set.explain(comment).map(({ trigger, ...verdict }) => ({
    triggerId: trigger.id,
    name: trigger.name,
    version: trigger.version,
    priority: trigger.priority,
    verdict: verdict.verdict,
    ...('hit' in verdict && {
      keyword: verdict.hit.keyword,
      span: { start: verdict.hit.start, end: verdict.hit.end },
      mode: verdict.hit.mode,
      how: verdict.hit.how,
      ...(verdict.hit.parts && { parts: verdict.hit.parts }),
    }),
    ...('near' in verdict && verdict.near && { near: verdict.near }),
    sentence: describeVerdict(verdict, (triggerId) => names.get(triggerId) ?? triggerId),
  }));
}

/** Versions never change and revisions only grow, so the past is the latest version up to a revision. */
async function triggersAsOf(
  prisma: PrismaClient,
  accountId: string,
  revision: number,
): Promise<MatchableTrigger[]> {
  return prisma.$queryRaw<MatchableTrigger[]>`
    select distinct on (trigger_id)
           trigger_id as id, version, name, state, priority, resource_id as "resourceId", definition
    from trigger_versions
    where account_id = ${accountId}::uuid and revision <= ${revision}
    order by trigger_id, revision desc`;
}

const endings: Record<DeliveryWithMessages['state'], (delivery: DeliveryWithMessages) => string> = {
  delivered: () => 'and the resource has been delivered',
  waiting: ({ messages }) => describeWait(messages.find(({ kind }) => kind !== 'public_reply')),
  skipped: ({ reason }) =>
    reason === 'sold_out'
      ? 'but it had been given as often before as the trigger allows'
      : 'but this person has been served as often as the trigger allows',
  failed: ({ reason }) => `but its delivery failed (${reason ?? 'no reason given'})`,
  expired: ({ reason }) => `but its delivery expired (${reason ?? 'no reason given'})`,
};

function describeWait(message: MessageView | undefined): string {
  switch (message?.waitsFor) {
    case 'slot':
      return message.expectedAt === null
        ? 'and its message waits for a turn that comes too late: unless the line gets shorter, it expires'
        : `and its message goes out at ${message.expectedAt}`;
    case 'account':
      return 'and its message waits until the account is active again';
    case 'look_up':
      return 'and it is being looked up whether its message arrived';
    case 'person':
      return 'and only you can find out whether its message arrived';
    default:
      return 'and its delivery is under way';
  }
}

function summarise(
  event: EventView,
  triggers: readonly ExplainedTrigger[],
  delivery: DeliveryWithMessages | null,
  ledger: readonly LedgerEntryView[],
): string {
  if (delivery) {
    const trigger = triggers.find(({ triggerId }) => triggerId === delivery.triggerId);
    const name = trigger?.name ?? delivery.triggerId;
    const matched =
      delivery.keyword === anyKeyword ? 'takes every comment' : `matched the keyword "${delivery.keyword}"`;
    const ending = endings[delivery.state](delivery);
    return `The trigger "${name}" ${matched}, ${ending}.${historyOf(ledger)}`;
  }
  return isKnownReason(event.reason) ? describeReason(event.reason) : `The reason was: ${event.reason}.`;
}

/** How it came to be decided about, where that was not by its webhook. */
function historyOf(ledger: readonly LedgerEntryView[]): string {
  for (const { kind, at, detail } of ledger) {
    const was = (detail as { was?: unknown } | null)?.was;
    if (kind === ('event.reconsidered' satisfies LedgerKind)) {
      return ` It was skipped when it came (${String(was)}), and matched by a back-fill at ${at}.`;
    }
    if (kind === ('event.found' satisfies LedgerKind)) {
      return ` No webhook had told of it: it was found in the list of comments at ${at}.`;
    }
  }
  return '';
}

function isKnownReason(reason: string): reason is EventReason {
  return (eventReasons as readonly string[]).includes(reason);
}
