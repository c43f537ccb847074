import { randomFillSync } from 'node:crypto';

/**
 * The id of a row, flavoured with what it identifies: a plain string is accepted, the id of another kind is not.
 * All are UUIDv7, so they sort by the time they were made.
 */
export type Id<Of extends string> = string & { readonly __of?: Of };

export type WorkspaceId = Id<'workspace'>;
export type ApiKeyId = Id<'api-key'>;
export type AccountId = Id<'account'>;
export type ResourceId = Id<'resource'>;
export type TriggerId = Id<'trigger'>;
export type ContactId = Id<'contact'>;
export type EventId = Id<'event'>;
export type DeliveryId = Id<'delivery'>;
export type MessageId = Id<'message'>;

/** Random digits are drawn for so many ids at once: a call for each would cost more than all the rest of it. */
const idsPerDraw = 512;
const digitsPerId = 12;
const drawn = Buffer.allocUnsafeSlow((idsPerDraw * digitsPerId) / 2);
let digits = '';
let used = 0;

function randomDigits(): string {
  if (used === digits.length) {
    digits = randomFillSync(drawn).toString('hex');
    used = 0;
  }
  used += digitsPerId;
  return digits.slice(used - digitsPerId, used);
}

let lastMs = 0;
/** An id up to its version. */
let head = '';
/** 26 bits that count up within a millisecond, from somewhere in their lower quarter. */
let count = 0;
const countEnd = 2 ** 26;

function startMillisecond(nowMs: number): void {
  lastMs = nowMs;
  const time = nowMs.toString(16).padStart(12, '0');
  head = `${time.slice(0, 8)}-${time.slice(8)}-7`;
  count = Number.parseInt(randomDigits().slice(0, 6), 16);
}

/**
 * RFC 9562, section 6.2, method 1: time, counter, random. Put together from digits, because a few of them are made for
 * every comment and every message, and from bytes each takes three times as long.
 * @returns a UUIDv7, above every other that this process has made
 */
export function newId(): string {
  const nowMs = Date.now();
  count += 1;
  if (nowMs > lastMs) startMillisecond(nowMs);
  else if (count === countEnd) startMillisecond(lastMs + 1);
  const upper = (0x1000 + (count >>> 14)).toString(16).slice(1);
  const lower = (0x8000 | (count & 0x3fff)).toString(16);
  return `${head}${upper}-${lower}-${randomDigits()}`;
}
