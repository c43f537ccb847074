/**
 * The envelopes around Instagram's webhook items. Meta documents several, and all of them arrive
 * (developers.facebook.com/docs/instagram-platform/webhooks/examples, Meta's Instagram collection on Postman, the
 * captures in restfb/restfb): `entry[].changes[]`, one change flat in the entry, `entry[].messaging[]`,
 * `entry[].standby[]`, and the whole body inside an array. An entry may have several of these at once.
 */

import type { ParsedWebhook, PlatformEvent } from '../port.ts';
import { readChange } from './events.ts';
import { isRecord, parseJson } from './json.ts';
import { readMessaging, readStandby } from './messaging.ts';
import { type Entry, nowhere, unreadable, unsupported } from './strange.ts';
import { quoted, readId, readTime } from './values.ts';

type ReadItem = (item: unknown, entry: Entry) => PlatformEvent;

/** Never throws. What cannot be read becomes an event of its own and leaves its neighbours alone. */
export function parseWebhook(body: Buffer): ParsedWebhook {
  const json = parseJson(body);
  if (!json.ok) return json;
  const envelopes = Array.isArray(json.value) && json.value.length > 0 ? json.value : [json.value];
  const events: PlatformEvent[] = [];
  for (const envelope of envelopes) readEnvelope(envelope, events);
  return { ok: true, events };
}

function readEnvelope(envelope: unknown, events: PlatformEvent[]): void {
  if (!isRecord(envelope)) {
    events.push(unreadable(nowhere, envelope, 'The body is not a webhook envelope.'));
  } else if (typeof envelope.object === 'string' && envelope.object !== 'instagram') {
    events.push(
      unsupported(nowhere, envelope, `object ${quoted(envelope.object)} is not one that Fairdrop reads here`),
    );
  } else if (envelope.object !== 'instagram' || !Array.isArray(envelope.entry)) {
    events.push(
      unreadable(nowhere, envelope, 'The envelope has no object "instagram" with a list of entries.'),
    );
  } else {
    for (const entry of envelope.entry) readEntry(entry, events);
  }
}

function readEntry(raw: unknown, events: PlatformEvent[]): void {
  const accountId = isRecord(raw) ? readId(raw.id) : null;
  if (!isRecord(raw) || accountId === null) {
    events.push(unreadable(nowhere, raw, 'The entry does not say which account it is for.'));
    return;
  }
  const entry: Entry = { accountId, time: readTime(raw.time) };
  const hasFlatChange = raw.field !== undefined;
  readList('changes', raw, entry, readChange, events);
  if (hasFlatChange) events.push(readSafely({ field: raw.field, value: raw.value }, entry, readChange));
  readList('messaging', raw, entry, readMessaging, events);
  readList('standby', raw, entry, readStandby, events);
  const hasContent = hasFlatChange || raw.changes !== undefined || raw.messaging !== undefined;
  if (!hasContent && raw.standby === undefined) {
    events.push(unreadable(entry, raw, 'The entry has none of changes, field, messaging and standby.'));
  }
}

function readList(
  name: 'changes' | 'messaging' | 'standby',
  raw: Record<string, unknown>,
  entry: Entry,
  read: ReadItem,
  events: PlatformEvent[],
): void {
  const items = raw[name];
  if (items === undefined) return;
  if (!Array.isArray(items)) {
    events.push(unreadable(entry, { [name]: items }, `"${name}" of the entry is not a list.`));
    return;
  }
  for (const item of items) events.push(readSafely(item, entry, read));
}

/**
 * The readers do not throw. Should one do so after all, the price is one item: an exception out of here would
 * refuse the whole batch, again and again, until Meta gives the webhook up.
 */
function readSafely(item: unknown, entry: Entry, read: ReadItem): PlatformEvent {
  try {
    return read(item, entry);
  } catch {
    return unreadable(entry, item, readerFailed);
  }
}

export const readerFailed = 'Fairdrop failed to read the item.';
