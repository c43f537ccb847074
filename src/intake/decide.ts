import { type DraftMessage, draftMessage } from '../deliveries/draft.ts';
import type { CommentEvent, PlatformEvent, TextLimit } from '../platforms/port.ts';
import type { MatchableTrigger, TriggerSet } from '../triggers/matcher.ts';
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
}

/** What is done about an event, before anything is written. */
export type Decision =
  | { outcome: 'skipped'; reason: EventReason }
  | {
      outcome: 'matched';
      reason: 'trigger_matched';
      trigger: MatchableTrigger;
      keyword: string;
      privateReply: DraftMessage;
      publicReply: DraftMessage | null;
      /** The trigger has public replies; where there is none all the same, none of them would do. */
      publicReplyWanted: boolean;
    };

/**
 * @param account null when nobody connected the account that the event names
 * @param random in [0, 1), drawn from for the choice of templates
 */
export function decide(
  event: PlatformEvent,
  account: IntakeAccount | null,
  limits: { private_reply: TextLimit; public_reply: TextLimit },
  random: () => number,
): Decision {
  if (event.kind === 'unreadable' || event.kind === 'unsupported') return skip(event.kind);
  if (!account) return skip('unknown_account');
  if (event.kind === 'echo') return skip('echo');
  if (event.kind !== 'comment') return skip('not_a_comment');
  if (isOwn(event, account)) return skip('own_comment');
  if (!event.author) return skip('author_unknown');

  const match = account.triggers.match({
    text: event.text,
    isReply: event.parentId !== null,
    mediaId: event.mediaId,
  });
  if (!match.matched) return skip(match.reason);

  const { trigger, hit } = match;
  const resource = account.resources.get(trigger.resourceId);
  if (!resource) throw new Error(`trigger ${trigger.id} names a resource that is not loaded`);
  const context = {
    contact: { username: event.author.username },
    resource,
    account: { username: account.username },
  };
  const { dmTemplates, publicReplies } = trigger.definition;
  const privateReply = draftMessage(
    dmTemplates,
    context,
    { limit: limits.private_reply, mustGive: true },
    random,
  );
  if (!privateReply) return skip('message_unrenderable');
  return {
    outcome: 'matched',
    reason: 'trigger_matched',
    trigger,
    keyword: hit.keyword,
    privateReply,
    publicReply: draftMessage(
      publicReplies,
      context,
      { limit: limits.public_reply, mustGive: false },
      random,
    ),
    publicReplyWanted: publicReplies.length > 0,
  };
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
