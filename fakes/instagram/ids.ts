import { randomBytes, randomInt } from 'node:crypto';

/**
 * Ids as Instagram makes them: numeric strings of 17 digits, beyond 2^53. Neighbours are consecutive, so that code
 * which reads them as numbers confuses them; each fake starts elsewhere, so that two never share an id.
 */
export function sequence(prefix: string): () => string {
  const width = 17 - prefix.length;
  // The last six digits count; the ones before are random and leave room for the count to carry.
  let next = randomInt(9 * 10 ** (width - 7)) * 1e6 + 1;
  return () => prefix + String(next++).padStart(width, '0');
}

let messages = 0;

/** Message ids of Instagram are base64 and begin with `aWdf` ("ig_"). */
export function messageId(accountId: string, messagingId: string): string {
  messages += 1;
  return Buffer.from(`ig_dm_item:1:IGMessageID:${accountId}:${messagingId}:${messages}`).toString(
    'base64url',
  );
}

export function conversationId(accountId: string, messagingId: string): string {
  return Buffer.from(`ig_thread:${accountId}:${messagingId}`).toString('base64url');
}

/** Tokens of Instagram Login begin with `IGAA`. */
export function newAccessToken(): string {
  return `IGAA${randomBytes(48).toString('base64url')}`;
}

export function traceId(): string {
  return `A${randomBytes(16).toString('base64url')}`;
}
