import { type DraftMessage, draftMessage } from '../deliveries/draft.ts';
import type { CommentEvent, MessageKind, PlatformEvent, QuietEvent, TextLimit } from '../platforms/port.ts';
import type { MatchableComment, MatchableTrigger, TriggerSet } from '../triggers/matcher.ts';
import { type Door, priceAt } from '../triggers/price.ts';
import type { TemplateContext } from '../triggers/templates.ts';
import type { EventReason } from './reasons.ts';

/** A connected account with what it takes to decide about its events. */
export interface IntakeAccount {
  id: string;
  workspaceId: string;
  username: string | null;
  /** The most public replies under one post; null for no end. */
  publicRepliesPerPost: number | null;
  triggerRevision: number;
  triggers: TriggerSet;
  resources: ReadonlyMap<string, TemplateContext['resource']>;
  /** Some trigger could answer the same person again, in other words. */
  repeats: boolean;
}

/** Which template somebody got last from a trigger; null for none, or none of the latest. */
export type LastVariant = (triggerId: string) => number | null;

/** What is done about an event, before anything is written. */
export type Decision =
  | { outcome: 'skipped'; reason: EventReason }
  | {
      outcome: 'matched';
      reason: 'trigger_matched';
      trigger: MatchableTrigger;
      keyword: string;
      /** By which way it came in. */
      door: Door;
      /** The resource, as a private reply to a comment or a direct message in answer to one. */
      answer: DraftMessage;
      publicReply: DraftMessage | null;
      /** The trigger has public replies; where there is none all the same, none of them would do. */
      publicReplyWanted: boolean;
    };

/**
 * @param account null when nobody connected the account that the event names
 * @param receivedAt what a trigger's dates and hours are compared with
 * @param random in [0, 1), drawn from for the choice of templates
 * @param lastVariant which template whoever did this got last from a trigger
 */
export function decide(
  event: PlatformEvent,
  account: IntakeAccount | null,
  receivedAt: Date,
  limits: Record<MessageKind, TextLimit>,
  random: () => number,
  lastVariant: LastVariant = () => null,
): Decision {
  if (event.kind === 'unreadable' || event.kind === 'unsupported') return skip(event.kind);
  if (!account) return skip('unknown_account');
  if (event.kind === 'echo') return skip('echo');
  if (event.kind === 'comment' && isOwn(event, account)) return skip('own_comment');
  const said = event.kind === 'comment' ? asComment(event, receivedAt) : asMessage(event, receivedAt);
  if (said === null) return skip('not_a_comment');
  if (!event.author) return skip('author_unknown');

  const match = account.triggers.match(said);
  if (!match.matched) return skip(match.reason);

  const { trigger, hit } = match;
  const resource = account.resources.get(trigger.resourceId);
  if (!resource) throw new Error(`trigger ${trigger.id} names a resource that is not loaded`);
  const context = {
    contact: { username: event.author.username },
    resource,
    account: { username: account.username },
    price: priceAt(said.door),
  };
  const { dmTemplates, publicReplies } = trigger.definition;
  const isPublic = said.door === 'comment';
  const limit = isPublic ? limits.private_reply : limits.direct_message;
  const rules = { limit, mustGive: true, lastVariant: lastVariant(trigger.id) };
  const answer = draftMessage(dmTemplates, context, rules, random);
  if (!answer) return skip('message_unrenderable');
  const replies = isPublic ? publicReplies : [];
  return {
    outcome: 'matched',
    reason: 'trigger_matched',
    trigger,
    keyword: hit.keyword,
    door: said.door,
    answer,
    publicReply: draftMessage(replies, context, { limit: limits.public_reply, mustGive: false }, random),
    publicReplyWanted: replies.length > 0,
  };
}

function asComment({ text, parentId, mediaId }: CommentEvent, at: Date): MatchableComment {
  return { text, isReply: parentId !== null, mediaId, door: 'comment', at };
}

/** @returns null where it is nothing that the person has written and that may be answered */
function asMessage({ kind, text, windowEndsAt }: QuietEvent, at: Date): MatchableComment | null {
  if (kind !== 'message' || text === null || windowEndsAt === null || windowEndsAt <= at) return null;
  return { text, isReply: false, mediaId: null, door: 'private', at };
}

function skip(reason: EventReason): Decision {
  return { outcome: 'skipped', reason };
}

/** Where the platform gives no author id, the user name tells the account's own comments. */
function isOwn(comment: CommentEvent, account: IntakeAccount): boolean {
  if (comment.own) return true;
  const name = comment.author?.username;
  return name != null && name.toLowerCase() === account.username?.toLowerCase();
}
