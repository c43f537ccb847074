/** The events that say: this came, and Fairdrop does not understand it. */

import type { UnreadableEvent, UnsupportedEvent } from '../port.ts';
import { boundedPayload, fingerprint } from './payload.ts';

/** Which entry an item is part of. */
export interface Entry {
  accountId: string;
  /** When Meta sent the entry: it does not say when a comment was written. */
  time: Date | null;
}

/** For what cannot be attributed to an account. */
export const nowhere: Entry = { accountId: '', time: null };

export function unreadable(entry: Entry, item: unknown, reason: string): UnreadableEvent {
  return { kind: 'unreadable', dedupeKey: `unreadable:${fingerprint(item)}`, ...common(entry, item, reason) };
}

export function unsupported(entry: Entry, item: unknown, reason: string): UnsupportedEvent {
  return {
    kind: 'unsupported',
    dedupeKey: `unsupported:${fingerprint(item)}`,
    ...common(entry, item, reason),
  };
}

function common(entry: Entry, item: unknown, reason: string) {
  return {
    accountExternalId: entry.accountId,
    occurredAt: entry.time,
    reason,
    payload: boundedPayload(item),
  };
}
