/** One change of an entry (a comment, a mention) as an event. */

import type { Author, PlatformEvent } from '../port.ts';
import { isRecord } from './json.ts';
import { readMessaging, readStandby } from './messaging.ts';
import { boundedPayload } from './payload.ts';
import { type Entry, unreadable, unsupported } from './strange.ts';
import { cleanText, maxKeyLength, quoted, readId } from './values.ts';

/**
 * The App Dashboard sends its test of a messaging field as a change whose value is a messaging item
 * (reported in Proact0/Act1-Entertainment #77); the names are the webhook fields of
 * developers.facebook.com/docs/instagram-platform/webhooks.
 */
const messagingFields = new Set([
  'messages',
  'message_edit',
  'message_reactions',
  'messaging_postbacks',
  'messaging_referral',
  'messaging_seen',
]);

/** @param item `{field, value}` */
export function readChange(item: unknown, entry: Entry): PlatformEvent {
  if (!isRecord(item)) return unreadable(entry, item, 'The change is not an object.');
  const { field, value } = item;
  if (field === 'comments') return readComment(item, value, entry, false);
  if (field === 'live_comments') return readComment(item, value, entry, true);
  if (field === 'mentions') return readMention(item, value, entry);
  if (typeof field !== 'string') return unreadable(entry, item, 'The change does not name its field.');
  if (messagingFields.has(field)) return readMessaging(value, entry);
  if (field === 'standby') return readStandby(value, entry);
  return unsupported(entry, item, `field ${quoted(field)} is not one that Fairdrop reads`);
}

/** Fields: developers.facebook.com/docs/graph-api/webhooks/reference/instagram. */
function readComment(item: unknown, value: unknown, entry: Entry, live: boolean): PlatformEvent {
  if (!isRecord(value)) return unreadable(entry, item, 'The comment has no value.');
  // `id` in the reference and in real deliveries, `comment_id` in Meta's example for Facebook Login.
  const commentId = readId(value.id) ?? readId(value.comment_id);
  if (commentId === null) return unreadable(entry, item, 'The comment has no usable id.');
  // The same comment can be told through `comments` and `live_comments`: one key, so that the two fold.
  const dedupeKey = `comment:${commentId}`;
  if (dedupeKey.length > maxKeyLength) return unreadable(entry, item, 'The id of the comment is too long.');
  if (value.text != null && typeof value.text !== 'string') {
    return unreadable(entry, item, 'The text of the comment is not a text.');
  }
  const media = isRecord(value.media) ? value.media.id : value.media;
  const mediaId = readId(media);
  const parentId = readId(value.parent_id);
  return {
    kind: 'comment',
    accountExternalId: entry.accountId,
    dedupeKey,
    occurredAt: entry.time,
    commentId,
    // A comment on the post itself can name the post as its parent, as comments on a Page do.
    parentId: parentId === mediaId ? null : parentId,
    mediaId,
    author: readAuthor(value.from),
    own: isOwn(value.from, entry.accountId),
    text: value.text == null ? '' : cleanText(value.text),
    live,
  };
}

/**
 * Meta's Postman collection shows a `from` with a user name and no id. The name is then the only handle on the
 * person: `@name`, in lower case because Instagram's names do not distinguish case. No real id starts with `@`, so
 * the two kinds of id cannot meet; a person who is later named by id becomes a second contact.
 */
export function readAuthor(from: unknown): Author | null {
  if (!isRecord(from)) return null;
  const username = readId(from.username);
  const id = readId(from.id);
  if (id !== null) return { externalId: id, username };
  return username === null ? null : { externalId: `@${username.toLowerCase()}`, username };
}

/**
 * `self_ig_scoped_id` is present on what the account wrote itself
 * (developers.facebook.com/docs/instagram-platform, "self messaging"); older deliveries repeat the account's id.
 */
export function isOwn(from: unknown, accountId: string): boolean {
  return isRecord(from) && (from.self_ig_scoped_id != null || readId(from.id) === accountId);
}

function readMention(item: unknown, value: unknown, entry: Entry): PlatformEvent {
  const commentId = isRecord(value) ? readId(value.comment_id) : null;
  const externalId = commentId ?? (isRecord(value) ? readId(value.media_id) : null);
  if (externalId === null) return unreadable(entry, item, 'The mention names neither a comment nor a post.');
  const dedupeKey = `mention:${externalId}`;
  if (dedupeKey.length > maxKeyLength) return unreadable(entry, item, 'The id of the mention is too long.');
  return {
    kind: 'mention',
    accountExternalId: entry.accountId,
    dedupeKey,
    occurredAt: entry.time,
    externalId,
    // Meta tells where the account was mentioned, not by whom.
    author: null,
    recipientId: null,
    windowEndsAt: null,
    text: null,
    payload: boundedPayload(item),
  };
}
