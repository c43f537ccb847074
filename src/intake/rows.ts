import { servingOf } from '../deliveries/serving.ts';
import { wakeGraceMs } from '../deliveries/wake.ts';
import { type EventId, newId } from '../ids.ts';
import type { MessageKind, PlatformAdapter, PlatformEvent } from '../platforms/port.ts';
import type { Decision, IntakeAccount } from './decide.ts';
import type { EventRow, LedgerRow, MessageRow } from './store.ts';

/** One event as it came in. */
export interface Arrival {
  adapter: PlatformAdapter;
  event: PlatformEvent;
  receivedAt: Date;
  /** The event's row, where there is one that is decided about again. */
  knownId?: EventId;
}

/** Collects the rows of one flush. Repetitions within it fold into the first. */
export class FlushRows {
  readonly events: EventRow[] = [];
  readonly messages: MessageRow[] = [];
  readonly ledger: LedgerRow[] = [];
  readonly #byKey = new Map<string, EventRow>();

  /** @returns the event's row and whether this arrival is the one that made it */
  add(
    arrival: Arrival,
    account: IntakeAccount | null,
    decision: Decision,
  ): { row: EventRow; first: boolean } {
    const { adapter, event } = arrival;
    const key = `${adapter.name}\n${event.accountExternalId}\n${event.dedupeKey}`;
    const earlier = this.#byKey.get(key);
    if (earlier) {
      earlier.times_received += 1;
      return { row: earlier, first: false };
    }
    const row = toEventRow(arrival, account, decision);
    this.#byKey.set(key, row);
    this.events.push(row);
    if (row.delivery_id) this.#addDelivery(arrival, row.delivery_id, row, decision);
    return { row, first: true };
  }

  #addDelivery(
    { adapter, event, receivedAt }: Arrival,
    deliveryId: string,
    row: EventRow,
    decision: Decision,
  ): void {
    if (decision.outcome !== 'matched') return;
    const { kind, live, ...target } = targetOf(event, adapter, receivedAt);
    const common = { delivery_id: deliveryId, ...target };
    this.messages.push({
      ...common,
      ...decision.answer,
      id: newId(),
      kind,
      pace: adapter.paceOf(kind, live),
      state: 'queued',
      wake_at: new Date(receivedAt.getTime() + wakeGraceMs),
    });
    // Said in public only once it is true: the reply under the comment waits for the private message.
    if (decision.publicReply) {
      this.messages.push({
        ...common,
        ...decision.publicReply,
        id: newId(),
        kind: 'public_reply',
        pace: adapter.paceOf('public_reply', live),
        state: 'held',
        wake_at: null,
      });
    }
    const matched = { keyword: decision.keyword, triggerVersion: decision.trigger.version };
    const kindOfMatch = decision.door === 'comment' ? 'comment.matched' : 'message.matched';
    this.ledger.push({ id: newId(), event_id: row.id, kind: kindOfMatch, detail: matched });
    if (decision.door === 'comment') {
      const paid = { payment: 'comment' };
      this.ledger.push({ id: newId(), event_id: row.id, kind: 'payment.made', detail: paid });
    }
    if (decision.publicReplyWanted && !decision.publicReply) {
      const detail = { kind: 'public_reply', reason: 'message_unrenderable' };
      this.ledger.push({ id: newId(), event_id: row.id, kind: 'message.failed', detail });
    }
    row.skip_ledger_id = newId();
  }
}

/** How whoever did this is answered, and until when. */
function targetOf(
  event: PlatformEvent,
  adapter: PlatformAdapter,
  receivedAt: Date,
): { kind: MessageKind; live: boolean; target_id: string; deadline_at: Date } {
  if (event.kind === 'comment') {
    const deadline_at = adapter.answerDeadline(event, receivedAt);
    return { kind: 'private_reply', live: event.live, target_id: event.commentId, deadline_at };
  }
  if (event.kind === 'message' && event.author && event.windowEndsAt) {
    const { author, windowEndsAt } = event;
    return { kind: 'direct_message', live: false, target_id: author.externalId, deadline_at: windowEndsAt };
  }
  throw new Error(`an event of the kind ${event.kind} was matched`);
}

function toEventRow(
  { adapter, event, receivedAt, knownId }: Arrival,
  account: IntakeAccount | null,
  decision: Decision,
): EventRow {
  const matched = decision.outcome === 'matched' ? decision : null;
  return {
    id: knownId ?? newId(),
    workspace_id: account?.workspaceId ?? null,
    account_id: account?.id ?? null,
    platform: adapter.name,
    account_external_id: event.accountExternalId,
    kind: event.kind,
    dedupe_key: event.dedupeKey,
    ...contentOf(event),
    occurred_at: event.occurredAt,
    received_at: receivedAt,
    times_received: 1,
    outcome: decision.outcome,
    reason: decision.reason,
    trigger_revision: account?.triggerRevision ?? null,
    contact_id: matched ? newId() : null,
    delivery_id: matched ? newId() : null,
    trigger_id: matched?.trigger.id ?? null,
    trigger_version: matched?.trigger.version ?? null,
    resource_id: matched?.trigger.resourceId ?? null,
    keyword: matched?.keyword ?? null,
    door: matched?.door ?? null,
    messaging_id:
      matched?.door === 'private' && 'author' in event ? (event.author?.externalId ?? null) : null,
    max_deliveries: matched?.trigger.definition.maxDeliveries ?? null,
    ...servingOf(matched ? matched.trigger.definition.frequency : 'unlimited', postOf(event)),
    public_replies_per_post: account?.publicRepliesPerPost ?? null,
    skip_ledger_id: null,
  };
}

/** Without a post to tell, a comment counts as one on a post of its own. */
export function postOf(event: PlatformEvent): string {
  if (event.kind !== 'comment') return '';
  return event.mediaId ?? `comment:${event.commentId}`;
}

type Content = Pick<
  EventRow,
  | 'external_id'
  | 'author_external_id'
  | 'author_username'
  | 'recipient_external_id'
  | 'window_ends_at'
  | 'media_id'
  | 'parent_id'
  | 'text'
  | 'payload'
>;

const noContent: Content = {
  external_id: null,
  author_external_id: null,
  author_username: null,
  recipient_external_id: null,
  window_ends_at: null,
  media_id: null,
  parent_id: null,
  text: null,
  payload: null,
};

function contentOf(event: PlatformEvent): Content {
  if (event.kind === 'unreadable' || event.kind === 'unsupported') {
    return { ...noContent, payload: { reason: event.reason, item: event.payload } };
  }
  const author = {
    author_external_id: event.author?.externalId ?? null,
    author_username: event.author?.username ?? null,
  };
  if (event.kind === 'comment') {
    const { commentId, mediaId, parentId, text } = event;
    return { ...noContent, ...author, external_id: commentId, media_id: mediaId, parent_id: parentId, text };
  }
  return {
    ...noContent,
    ...author,
    external_id: event.externalId,
    recipient_external_id: event.recipientId,
    window_ends_at: event.windowEndsAt,
    text: event.text,
    payload: event.payload,
  };
}
