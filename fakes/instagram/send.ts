/** `POST /{ig-id}/messages`: private replies and messages into an open window. */
import {
  commentNotRepliable,
  done,
  type GraphError,
  type GraphReply,
  invalidParameter,
  isRejection,
  noSuchRecipient,
  outsideWindow,
  personUnavailable,
  tooManyCalls,
} from './errors.ts';
import { type ReadMessage, readMessage } from './message.ts';
import { messagePayload } from './payloads.ts';
import { type GraphRequest, objectParam, text } from './request.ts';
import {
  humanAgentWindowMs,
  privateReplyWindowMs,
  type StoredAccount,
  type StoredComment,
  type Thread,
} from './stored.ts';
import type { Webhooks } from './webhooks.ts';
import type { World } from './world.ts';

export interface Graph {
  world: World;
  webhooks: Webhooks;
}

export function sendMessage(graph: Graph, account: StoredAccount, { params }: GraphRequest): GraphReply {
  const recipient = objectParam(params.get('recipient'));
  if (recipient === undefined) return invalidParameter('The parameter recipient is required');
  const commentId = text(recipient.comment_id);
  if (commentId !== undefined) return privateReply(graph, account, commentId, params.get('message'));
  const messagingId = text(recipient.id);
  if (messagingId === undefined) return invalidParameter('Param recipient must have a comment_id or an id');
  return directMessage(graph, account, messagingId, params);
}

function privateReply(graph: Graph, account: StoredAccount, commentId: string, param: unknown): GraphReply {
  const { world } = graph;
  const comment = world.comments.get(commentId);
  if (!takeReplySlot(world, account, comment?.live ?? false)) return replyLimitReached(world);
  const attempt = tryPrivateReply(graph, account, comment, readMessage(param, false));
  if (!attempt.ok && comment?.account === account) burnIfRejected(world, comment, attempt.error);
  return attempt;
}

/** With `rejectedReplyBurnsIt` a refusal of the person or the content spends the comment's single reply. */
export function burnIfRejected(world: World, comment: StoredComment, error: GraphError): void {
  if (world.options.rejectedReplyBurnsIt && isRejection(error)) comment.privatelyReplied = true;
}

/**
 * Messenger Platform, "Rate Limits": 750 an hour for posts and reels, 100 a second for live comments, by calls, so that
 * refused replies count too.
 */
function takeReplySlot(world: World, account: StoredAccount, live: boolean): boolean {
  const { limits } = account;
  return live
    ? limits.livePrivateReplies.take(performance.now()) === null
    : limits.privateReplies.take(world.now().getTime()) === null;
}

function replyLimitReached(world: World): GraphReply {
  return tooManyCalls(world.options.throttleCode ?? 80002);
}

function tryPrivateReply(
  graph: Graph,
  account: StoredAccount,
  comment: StoredComment | undefined,
  message: ReadMessage,
): GraphReply {
  const { world } = graph;
  if (!message.ok) return message.reply;
  if (!comment || comment.account !== account || comment.deleted) return commentNotRepliable();
  // The account's own comment.
  if ('appScopedId' in comment.user) return commentNotRepliable();
  if (comment.privatelyReplied) return commentNotRepliable();
  if (world.now().getTime() - comment.createdAt.getTime() > privateReplyWindowMs)
    return commentNotRepliable();
  // Instagram Platform, "Private Replies": to live comments only during the broadcast.
  if (comment.live && !comment.media.broadcasting) return commentNotRepliable();
  const thread = world.thread(account, comment.user);
  if (thread.blocked) return personUnavailable();
  comment.privatelyReplied = true;
  return accept(graph, thread, message, comment.id);
}

function directMessage(
  graph: Graph,
  account: StoredAccount,
  messagingId: string,
  params: GraphRequest['params'],
): GraphReply {
  const { world } = graph;
  if (account.limits.dms.take(performance.now()) !== null) return tooManyCalls(613);
  const thread = world.threadsByMessagingId.get(messagingId);
  if (thread?.account !== account) return noSuchRecipient();
  if (thread.blocked) return personUnavailable();
  const action = params.get('sender_action');
  if (action !== undefined) return done({ recipient_id: messagingId });
  const message = readMessage(params.get('message'), true);
  if (!message.ok) return message.reply;
  const tag = params.get('tag');
  // Messenger Platform policy: of the tags only HUMAN_AGENT is left, the others are an error 100.
  if (tag !== undefined && tag !== 'HUMAN_AGENT') return invalidParameter('Invalid message tag');
  const { lastUserActionMs: lastMs, openUntilMs } = thread;
  if (lastMs === undefined || openUntilMs === undefined) return outsideWindow();
  const untilMs = tag === undefined ? openUntilMs : Math.max(openUntilMs, lastMs + humanAgentWindowMs);
  if (world.now().getTime() > untilMs) return outsideWindow();
  return accept(graph, thread, message);
}

function accept(
  graph: Graph,
  thread: Thread,
  content: Extract<ReadMessage, { ok: true }>,
  commentId?: string,
): GraphReply {
  const { world, webhooks } = graph;
  const message = world.addMessage(thread, true, content.text);
  world.sent.push({
    kind: commentId === undefined ? 'dm' : 'private_reply',
    id: message.id,
    accountId: thread.account.id,
    ...(commentId === undefined ? {} : { commentId }),
    recipientId: thread.messagingId,
    userId: thread.user.id,
    text: message.text,
    at: message.at,
    ...(content.plain || world.options.keepTexts === false ? {} : { message: content.body }),
  });
  if (world.options.sendEchoes !== false) {
    // Instagram Platform, "Webhook Examples": what the account sends comes back with sender and recipient swapped.
    // Deferred, so that building it does not hold up the answer; nothing promises which of the two arrives first.
    const { attachment } = content.body;
    const extra = attachment === undefined ? {} : { attachments: [attachment] };
    setImmediate(() => {
      void webhooks.send(messagePayload(message, content.text, world.now(), extra));
    });
  }
  return done({ recipient_id: thread.messagingId, message_id: message.id });
}
