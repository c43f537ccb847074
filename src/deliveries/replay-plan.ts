import { type DeliveryId, type MessageId, newId } from '../ids.ts';
import type { MessageKind, PlatformAdapter } from '../platforms/port.ts';
import type { TriggerDefinition } from '../triggers/definition.ts';
import { type Door, priceAt } from '../triggers/price.ts';
import type { TemplateContext } from '../triggers/templates.ts';
import { draftMessage } from './draft.ts';
import { servingOf } from './serving.ts';

/** A message that would be due this shortly before its window closes is not begun. */
const shortestWindowMs = 60_000;

/** Why a delivery is not replayed. */
export type ReplayRefusal =
  | 'account_disconnected'
  | 'may_have_been_sent'
  | 'window_closed'
  | 'already_answered'
  | 'message_unrenderable'
  | 'platform_missing'
  | 'already_served';

/** A delivery that could be replayed, with its trigger as it is today. */
export interface Candidate {
  id: DeliveryId;
  reason: string | null;
  platform: string;
  account_state: string;
  account_username: string | null;
  contact_username: string | null;
  messaging_id: string | null;
  window_ends_at: Date | null;
  version: number;
  definition: TriggerDefinition;
  resource_id: string;
  resource_name: string;
  resource_url: string | null;
  resource_text: string | null;
  door: Door;
  kind: MessageKind;
  pace: string;
  target_id: string;
  deadline_at: Date;
  comment_id: string | null;
  media_id: string | null;
  /** Of one of its attempts it was not known whether it arrived. */
  doubted: boolean;
  /** It had a public reply, within the post's budget. */
  announces: boolean;
}

/** A replay as it is written. */
export interface ReplayRow {
  delivery_id: DeliveryId;
  replay_of_id: DeliveryId;
  trigger_version: number;
  resource_id: string;
  serving_scope: string | null;
  every_days: number | null;
  ledger_id: string;
}

export interface ReplayMessage {
  id: MessageId;
  delivery_id: DeliveryId;
  kind: MessageKind;
  pace: string;
  state: 'queued' | 'held';
  target_id: string;
  text: string;
  variant: number;
  deadline_at: Date;
}

export type Plan =
  | { row: ReplayRow; messages: ReplayMessage[] }
  | { refused: { deliveryId: DeliveryId; reason: ReplayRefusal } };

/** What replaying a delivery means: the rows that it takes, or why it is refused. */
export function planReplay(
  candidate: Candidate,
  platforms: ReadonlyMap<string, PlatformAdapter>,
  now: Date,
  random: () => number,
): Plan {
  const refuse = (reason: ReplayRefusal): Plan => ({ refused: { deliveryId: candidate.id, reason } });
  if (candidate.account_state === 'disconnected') return refuse('account_disconnected');
  if (candidate.doubted) return refuse('may_have_been_sent');
  const adapter = platforms.get(candidate.platform);
  if (!adapter) return refuse('platform_missing');
  const way = wayOf(candidate, adapter, now);
  if (typeof way === 'string') return refuse(way);

  const { definition } = candidate;
  const context: TemplateContext = {
    contact: { username: candidate.contact_username },
    resource: {
      name: candidate.resource_name,
      url: candidate.resource_url,
      text: candidate.resource_text,
    },
    account: { username: candidate.account_username },
    price: priceAt(candidate.door),
  };
  const limits = adapter.capabilities.textLimits;
  const direct = draftMessage(
    definition.dmTemplates,
    context,
    { limit: limits[way.kind], mustGive: true },
    random,
  );
  if (!direct) return refuse('message_unrenderable');
  const deliveryId = newId();
  const common = { delivery_id: deliveryId, deadline_at: way.deadlineAt };
  const messages: ReplayMessage[] = [
    {
      ...common,
      ...direct,
      id: newId(),
      kind: way.kind,
      pace: way.pace,
      state: 'queued',
      target_id: way.targetId,
    },
  ];
  const { comment_id: commentId } = candidate;
  const announced =
    candidate.announces &&
    commentId !== null &&
    draftMessage(definition.publicReplies, context, { limit: limits.public_reply, mustGive: false }, random);
  // Said in public only once it is true, and only while the comment may still be answered.
  if (announced && commentId !== null && way.kind === 'private_reply') {
    messages.push({
      ...common,
      ...announced,
      id: newId(),
      kind: 'public_reply',
      pace: adapter.paceOf('public_reply', false),
      state: 'held',
      target_id: commentId,
    });
  }
  const row: ReplayRow = {
    delivery_id: deliveryId,
    replay_of_id: candidate.id,
    trigger_version: candidate.version,
    resource_id: candidate.resource_id,
    ...servingOf(definition.frequency, postOf(candidate)),
    ledger_id: newId(),
  };
  return { row, messages };
}

/** As intake names it. */
function postOf({ door, media_id: mediaId, comment_id: commentId }: Candidate): string {
  return door === 'private' ? '' : (mediaId ?? `comment:${commentId}`);
}

type Way = { kind: MessageKind; pace: string; targetId: string; deadlineAt: Date };

function wayOf(
  candidate: Candidate,
  adapter: PlatformAdapter,
  now: Date,
): Way | 'window_closed' | 'already_answered' {
  const isOpen = (until: Date | null) => until !== null && until.getTime() - now.getTime() > shortestWindowMs;
  const answered = candidate.reason?.startsWith('already_replied') ?? false;
  if (candidate.kind === 'private_reply' && isOpen(candidate.deadline_at) && !answered) {
    const { pace, target_id: targetId, deadline_at: deadlineAt } = candidate;
    return { kind: 'private_reply', pace, targetId, deadlineAt };
  }
  if (candidate.messaging_id !== null && isOpen(candidate.window_ends_at)) {
    return {
      kind: 'direct_message',
      pace: adapter.paceOf('direct_message', false),
      targetId: candidate.messaging_id,
      deadlineAt: candidate.window_ends_at as Date,
    };
  }
  return answered ? 'already_answered' : 'window_closed';
}
