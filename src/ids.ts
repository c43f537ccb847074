import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

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

/** Random bytes are drawn for so many ids at once: a call for each would cost more than all the rest of it. */
const idsPerDraw = 256;
const randomBytesPerId = 16;
const drawn = new Uint8Array(idsPerDraw * randomBytesPerId);
let used = drawn.length;
let lastMs = 0;
let sequence = 0;

/** @returns a UUIDv7, above every other that this process has made */
export function newId(): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  const random = drawn.subarray(used, used + randomBytesPerId);
  used += randomBytesPerId;
  const nowMs = Date.now();
  if (nowMs > lastMs) {
    lastMs = nowMs;
    // Of 32 bits the upper half is left, to count up within the millisecond.
    sequence = ((random[6]! << 23) | (random[7]! << 15) | (random[8]! << 7)) >>> 0;
  } else {
    sequence += 1;
  }
  return v7({ msecs: lastMs, seq: sequence, random });
}
