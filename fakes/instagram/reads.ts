/** What an account can read: itself, its media, people who gave consent, and its conversations. */
import {
  consentRequired,
  done,
  type GraphReply,
  invalidParameter,
  tooManyCalls,
  unknownObject,
} from './errors.ts';
import { type Resolvers, select, selectInner } from './fields.ts';
import { page } from './paging.ts';
import { type GraphRequest, text } from './request.ts';
import type { StoredAccount, StoredMedia, StoredMessage, Thread } from './stored.ts';
import { graphTime } from './wire.ts';
import type { World } from './world.ts';

/** Instagram Platform, "Get Conversations": details of the 20 most recent messages only. */
const readableMessages = 20;
const maxPage = 50;

const accountFields: Resolvers<StoredAccount> = {
  id: (account) => account.appScopedId,
  user_id: (account) => account.id,
  username: (account) => account.username,
  name: (account) => account.username,
  account_type: () => 'BUSINESS',
  profile_picture_url: () => 'https://scontent.cdninstagram.com/fake.jpg',
  followers_count: () => 1000,
  follows_count: () => 10,
  media_count: (account) => account.media.length,
};

export function accountNode(account: StoredAccount, { params }: GraphRequest): GraphReply {
  return select(account, accountFields, text(params.get('fields')), 'id');
}

/** `POST /me/subscribed_apps`: Instagram Platform, "Webhooks". */
export function subscribedApps(account: StoredAccount, { method, params }: GraphRequest): GraphReply {
  if (method === 'POST') {
    const asked = params.get('subscribed_fields');
    const fields = (Array.isArray(asked) ? asked.map(String) : String(asked ?? '').split(',')).filter(
      (field) => field !== '',
    );
    if (fields.length === 0) return invalidParameter('The parameter subscribed_fields is required.');
    for (const field of fields) account.subscribedFields.add(field.trim());
    return done({ success: true });
  }
  if (method === 'DELETE') {
    account.subscribedFields.clear();
    return done({ success: true });
  }
  return done({ data: [{ subscribed_fields: Array.from(account.subscribedFields) }] });
}

const mediaFields: Resolvers<StoredMedia> = {
  id: (media) => media.id,
  media_product_type: (media) => media.type,
  media_type: (media) => (media.type === 'REELS' ? 'VIDEO' : 'IMAGE'),
  timestamp: (media) => graphTime(media.createdAt),
  // "IG Media": with the replies.
  comments_count: (media) => media.comments.reduce((sum, { replies }) => sum + 1 + (replies?.length ?? 0), 0),
  username: (media) => media.account.username,
  owner: (media) => ({ id: media.account.id }),
};

export function mediaNode(media: StoredMedia, { params }: GraphRequest): GraphReply {
  return select(media, mediaFields, text(params.get('fields')), 'id');
}

export function accountMedia(account: StoredAccount, request: GraphRequest): GraphReply {
  return listing(account.media, request, `${account.id}/media`, mediaFields, 'id');
}

const profileFields: Resolvers<Thread> = {
  id: (thread) => thread.messagingId,
  name: (thread) => thread.user.name,
  username: (thread) => thread.user.username,
  profile_pic: () => 'https://scontent.cdninstagram.com/fake.jpg',
  follower_count: () => 10,
  is_user_follow_business: (thread) => thread.follows,
  is_business_follow_user: () => false,
  is_verified_user: () => false,
};

/**
 * Instagram Platform, "User Profile": consent comes from a message of the person, not from a comment. The code of the
 * refusal is not documented; 230 is what integrations meet.
 */
export function profile(thread: Thread, { params, path }: GraphRequest): GraphReply {
  if (!thread.consent || thread.blocked) return consentRequired();
  const answer = select(thread, profileFields, text(params.get('fields')), 'name,id');
  return answer.ok ? done({ ...answer.body, id: path[0] }) : answer;
}

const participants = ({ account, user, messagingId }: Thread) => ({
  data: [
    { username: account.username, id: account.id },
    { username: user.username, id: messagingId },
  ],
});

const person = ({ user, messagingId }: Thread) => ({ username: user.username, id: messagingId });
const business = ({ account }: Thread) => ({ username: account.username, id: account.id });

const messageFields: Resolvers<StoredMessage> = {
  id: (message) => message.id,
  created_time: (message) => graphTime(message.at),
  from: (message) => (message.fromAccount ? business(message.thread) : person(message.thread)),
  to: (message) => ({ data: [message.fromAccount ? person(message.thread) : business(message.thread)] }),
  message: (message) => message.text,
  is_unsupported: () => undefined,
};

const conversationFields: Resolvers<Thread> = {
  id: (thread) => thread.id,
  updated_time: (thread) => graphTime(thread.messages.at(-1)?.at ?? new Date(0)),
  participants,
  messages: (thread, asked) => ({
    data: recent(thread).map((message) => selectInner(message, messageFields, asked, 'id,created_time')),
  }),
};

const recent = (thread: Thread) => thread.messages.slice(-readableMessages).reverse();

/** Messenger Platform, "Rate Limits": 2 calls a second for each account. */
function tooFast(account: StoredAccount): GraphReply | undefined {
  return account.limits.conversationReads.take(performance.now()) === null ? undefined : tooManyCalls(613);
}

export function conversations(world: World, account: StoredAccount, request: GraphRequest): GraphReply {
  const limited = tooFast(account);
  if (limited) return limited;
  const userId = text(request.params.get('user_id'));
  if (userId === undefined) {
    const threads = Array.from(account.threads.values()).filter((thread) => thread.messages.length > 0);
    return listing(threads, request, `${account.id}/conversations`, conversationFields, 'id,updated_time');
  }
  const thread = world.threadsByMessagingId.get(userId);
  const found = thread?.account === account && thread.messages.length > 0 ? [thread] : [];
  return listing(found, request, `${account.id}/conversations`, conversationFields, 'id');
}

export function conversationNode(account: StoredAccount, thread: Thread, request: GraphRequest): GraphReply {
  if (thread.account !== account) return unknownObject(thread.id, request.method);
  return (
    tooFast(account) ??
    select(thread, conversationFields, text(request.params.get('fields')), 'id,updated_time')
  );
}

export function conversationMessages(
  account: StoredAccount,
  thread: Thread,
  request: GraphRequest,
): GraphReply {
  if (thread.account !== account) return unknownObject(thread.id, request.method);
  return (
    tooFast(account) ??
    listing(thread.messages, request, `${thread.id}/messages`, messageFields, 'id,created_time')
  );
}

export function messageNode(
  account: StoredAccount,
  message: StoredMessage,
  request: GraphRequest,
): GraphReply {
  const { thread } = message;
  if (thread.account !== account) return unknownObject(message.id, request.method);
  const limited = tooFast(account);
  if (limited) return limited;
  if (!recent(thread).includes(message)) return invalidParameter('The message has been deleted');
  return select(message, messageFields, text(request.params.get('fields')), 'id,created_time');
}

function listing<T>(
  all: readonly T[],
  request: GraphRequest,
  path: string,
  fields: Resolvers<T>,
  defaults: string,
): GraphReply {
  const slice = page(all, request, path, maxPage);
  if (!slice.ok) return slice.reply;
  const asked = text(request.params.get('fields'));
  const data: object[] = [];
  for (const item of slice.items) {
    const node = select(item, fields, asked, defaults);
    if (!node.ok) return node;
    data.push(node.body);
  }
  return done({ data, ...slice.paging });
}
