/**
 * One messaging item as an event. Shapes: developers.facebook.com/docs/instagram-platform/webhooks/examples and
 * Meta's "Webhooks for Instagram Messaging".
 */

import type { Author, PlatformEvent, QuietEvent } from '../port.ts';
import { isRecord } from './json.ts';
import { boundedPayload, fingerprint } from './payload.ts';
import { type Entry, unreadable, unsupported } from './strange.ts';
import { maxKeyLength, quoted, readId, readText, readTime } from './values.ts';
import { readWindowEnd } from './window.ts';

type Item = Record<string, unknown>;

/** What is particular to a kind of item; the rest is the same for all. */
interface Reading {
  kind: QuietEvent['kind'];
  externalId: string | null;
  text: string | null;
  /** Without the kind in front. */
  key: string;
}

/** Who and when; any other field of an item names its subject. */
const frame = new Set(['sender', 'recipient', 'timestamp', 'is_self']);

export function readMessaging(item: unknown, entry: Entry): PlatformEvent {
  if (!isRecord(item)) return unreadable(entry, item, 'The messaging item is not an object.');
  const reading = readSubject(item);
  if (reading === 'unreadable')
    return unreadable(entry, item, 'The messaging item has no usable message id.');
  if (reading !== null) return quiet(item, entry, reading, `${keyPrefix[reading.kind]}:${reading.key}`);
  const subject = Object.keys(item).find((name) => !frame.has(name));
  return subject === undefined
    ? unreadable(entry, item, 'The messaging item has no subject.')
    : unsupported(entry, item, `messaging item ${quoted(subject)} is not one that Fairdrop reads`);
}

/** What another app that owns the conversation is dealing with: remembered, whatever it is. */
export function readStandby(item: unknown, entry: Entry): PlatformEvent {
  if (!isRecord(item)) return unreadable(entry, item, 'The standby item is not an object.');
  const inner = readSubject(item);
  if (inner === null || inner === 'unreadable') {
    const reading = { kind: 'standby', externalId: null, text: null, key: fingerprint(item) } as const;
    return quiet(item, entry, reading, `standby:${reading.key}`);
  }
  return quiet(item, entry, { ...inner, kind: 'standby' }, `standby:${keyPrefix[inner.kind]}:${inner.key}`);
}

const keyPrefix: Record<QuietEvent['kind'], string> = {
  message: 'message',
  echo: 'echo',
  message_edit: 'edit',
  message_deleted: 'deleted',
  postback: 'postback',
  reaction: 'reaction',
  read: 'read',
  referral: 'referral',
  mention: 'mention',
  standby: 'standby',
};

/** @returns null where the item has no subject that is known here */
function readSubject(item: Item): Reading | null | 'unreadable' {
  if (isRecord(item.message)) return readMessage(item, item.message);
  if (isRecord(item.message_edit)) return readEdit(item, item.message_edit);
  if (isRecord(item.postback)) return readPostback(item, item.postback);
  if (isRecord(item.reaction)) return readReaction(item, item.reaction);
  if (isRecord(item.read)) {
    // On Instagram a read names one message, not a watermark as on Messenger.
    const mid = readId(item.read.mid);
    return mid === null
      ? 'unreadable'
      : { kind: 'read', externalId: mid, text: null, key: `${mid}:${sender(item)}` };
  }
  if (isRecord(item.referral)) {
    // Nothing in a referral identifies it but the whole of it, which has the time in it.
    return { kind: 'referral', externalId: null, text: null, key: fingerprint(item) };
  }
  return null;
}

function readMessage(item: Item, message: Item): Reading | 'unreadable' {
  const text = readText(message.text);
  // Before the echo: the withdrawal of an own message is another event than its echo.
  if (message.is_deleted === true) {
    const mid = readId(message.mid);
    return mid === null ? 'unreadable' : { kind: 'message_deleted', externalId: mid, text, key: mid };
  }
  return identified(item, message.mid, message.is_echo === true ? 'echo' : 'message', text);
}

function readPostback(item: Item, postback: Item): Reading | 'unreadable' {
  return identified(item, postback.mid, 'postback', readText(postback.title));
}

/** A test from the App Dashboard may have no message id: then the whole item identifies it. */
function identified(
  item: Item,
  mid: unknown,
  kind: 'message' | 'echo' | 'postback',
  text: string | null,
): Reading | 'unreadable' {
  if (mid == null) return { kind, externalId: null, text, key: fingerprint(item) };
  const externalId = readId(mid);
  return externalId === null ? 'unreadable' : { kind, externalId, text, key: externalId };
}

function readEdit(item: Item, edit: Item): Reading | 'unreadable' {
  const mid = readId(edit.mid);
  if (mid === null) return 'unreadable';
  // Without its number, the time and the text are what tells two edits apart.
  const count = readId(edit.num_edit) ?? fingerprint(item);
  return { kind: 'message_edit', externalId: mid, text: readText(edit.text), key: `${mid}:${count}` };
}

function readReaction(item: Item, reaction: Item): Reading | 'unreadable' {
  const mid = readId(reaction.mid);
  if (mid === null) return 'unreadable';
  const action = readId(reaction.action) ?? '';
  const key = `${mid}:${sender(item)}:${action}:${readId(item.timestamp) ?? ''}`;
  return { kind: 'reaction', externalId: mid, text: null, key };
}

function sender(item: Item): string {
  return readAuthor(item)?.externalId ?? '';
}

function readAuthor(item: Item): Author | null {
  const id = isRecord(item.sender) ? readId(item.sender.id) : null;
  return id === null ? null : { externalId: id, username: null };
}

function quiet(item: Item, entry: Entry, reading: Reading, dedupeKey: string): PlatformEvent {
  if (dedupeKey.length > maxKeyLength) return unreadable(entry, item, 'The ids of the item are too long.');
  return {
    kind: reading.kind,
    accountExternalId: entry.accountId,
    dedupeKey,
    occurredAt: readTime(item.timestamp) ?? entry.time,
    externalId: reading.externalId,
    author: readAuthor(item),
    recipientId: isRecord(item.recipient) ? readId(item.recipient.id) : null,
    windowEndsAt: readWindowEnd(reading.kind, item, entry),
    text: reading.text,
    payload: boundedPayload(item),
  };
}
