/** Webhook bodies, in the shapes of Instagram Platform "Webhook Examples" and of captured deliveries. */

import type { StoredMessage, Thread } from './stored.ts';
import type { CommentEnvelope, FakeComment } from './types.ts';

const seconds = (date: Date) => Math.floor(date.getTime() / 1000);

function commentValue(comment: FakeComment, envelope: CommentEnvelope): object {
  const { user, media } = comment;
  return {
    from: {
      id: user.id,
      username: user.username,
      // Instagram Platform, "Self Messaging": marks what the account wrote itself.
      ...('appScopedId' in user ? { self_ig_scoped_id: user.appScopedId } : {}),
    },
    media: { id: media.id, media_product_type: media.type },
    [envelope === 'comment_id' ? 'comment_id' : 'id']: comment.id,
    ...(comment.parentId === undefined ? {} : { parent_id: comment.parentId }),
    text: comment.text,
  };
}

const fieldOf = (comment: FakeComment) => (comment.live ? 'live_comments' : 'comments');

/** One delivery about one comment. `entry.time` is when it is sent, in seconds, not when it was written. */
export function commentPayload(comment: FakeComment, sentAt: Date, envelope = comment.envelope): object {
  const head = { id: comment.account.id, time: seconds(sentAt) };
  const change = { field: fieldOf(comment), value: commentValue(comment, envelope) };
  switch (envelope) {
    case 'flat':
      return { object: 'instagram', entry: [{ ...head, ...change }] };
    case 'array':
      return [{ object: 'instagram', entry: [{ ...head, changes: [change] }] }];
    case 'changes':
    case 'comment_id':
      return { object: 'instagram', entry: [{ ...head, changes: [change] }] };
  }
}

/** One delivery about many comments: an entry per account, a change per comment, both in the order given. */
export function batchPayload(comments: readonly FakeComment[], sentAt: Date): object {
  const changes = new Map<string, object[]>();
  for (const comment of comments) {
    const change = { field: fieldOf(comment), value: commentValue(comment, comment.envelope) };
    const list = changes.get(comment.account.id);
    if (list) list.push(change);
    else changes.set(comment.account.id, [change]);
  }
  const entry = Array.from(changes, ([id, list]) => ({ id, time: seconds(sentAt), changes: list }));
  return { object: 'instagram', entry };
}

/** The "Test" button of the App Dashboard: account "0", no author, no media. */
export function dashboardTestPayload(field: 'comments' | 'live_comments', sentAt: Date): object {
  const change = { field, value: { text: 'This is an example.', id: '123456789' } };
  return { entry: [{ changes: [change], id: '0', time: seconds(sentAt) }], object: 'instagram' };
}

function messaging(thread: Thread, fromAccount: boolean, sentAt: Date, at: Date, item: object): object {
  const account = { id: thread.account.id };
  const person = { id: thread.messagingId };
  const event = {
    sender: fromAccount ? account : person,
    recipient: fromAccount ? person : account,
    timestamp: at.getTime(),
    ...item,
  };
  // Milliseconds here, unlike with `changes`.
  return { object: 'instagram', entry: [{ time: sentAt.getTime(), id: account.id, messaging: [event] }] };
}

/** `extra`: what a message carries beside its text, like `attachments` or `quick_reply`. */
export function messagePayload(
  message: StoredMessage,
  text: string,
  sentAt: Date,
  extra: object = {},
): object {
  return messaging(message.thread, message.fromAccount, sentAt, message.at, {
    message: {
      mid: message.id,
      ...(text === '' ? {} : { text }),
      ...extra,
      ...(message.fromAccount ? { is_echo: true } : {}),
    },
  });
}

/** `message.referral` of what a person writes after a click on an ad: Messenger Platform, "messaging_referrals". */
export function adReferral(adId: string): object {
  return { source: 'ADS', type: 'OPEN_THREAD', ad_id: adId, ads_context_data: { ad_title: 'An ad' } };
}

export function postbackPayload(
  message: StoredMessage,
  button: { title: string; payload: string },
  sentAt: Date,
): object {
  return messaging(message.thread, false, sentAt, message.at, { postback: { mid: message.id, ...button } });
}
