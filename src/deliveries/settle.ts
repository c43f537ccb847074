import type { LedgerKind } from '../ledger/kinds.ts';
import type { MessageKind, SendOutcome } from '../platforms/port.ts';

const firstRetryMs = 30_000;
const longestRetryMs = 60 * 60_000;

/** The last try comes this long before the platform's window closes. */
const lastTryMs = 60_000;

/** How long a message rests while its account is paused, before it is looked at again. */
const pausedRestMs = 5 * 60_000;

export interface SettledMessage {
  kind: MessageKind;
  /** Tries so far, this one included. */
  attempts: number;
  deadlineAt: Date;
}

/** All that follows from one send. One place decides it; one statement writes it. */
export interface Settlement {
  message: {
    state: 'sent' | 'failed' | 'unconfirmed' | 'expired' | 'queued';
    reason: string | null;
    /** What the platform said, for people. */
    detail: string | null;
    externalId: string | null;
    /** When it may be tried again; null unless `queued`. */
    dueAt: Date | null;
    /** The try does not count: nothing was sent and the message is not to blame. */
    refund: boolean;
  };
  /** How the delivery ends; null while it goes on. */
  delivery: { state: 'delivered' | 'failed' | 'expired'; reason: string | null } | null;
  /** What becomes of the public reply that waited for the private message. */
  held: 'queued' | 'cancelled' | null;
  /** Whom to write to from now on. */
  recipientId: string | null;
  pauseAccount: { reason: string; detail: string } | null;
  ledger: { kind: LedgerKind; detail: Record<string, unknown> }[];
}

/**
 * What a send's outcome means for the message, its delivery and its account.
 * @param random in [0, 1), for the jitter of retries
 */
export function settle(
  message: SettledMessage,
  outcome: SendOutcome,
  now: Date,
  random: () => number,
): Settlement {
  switch (outcome.kind) {
    case 'sent':
      return sent(message, outcome);
    case 'rejected':
      return ended(message, 'failed', outcome.reason, outcome.detail);
    case 'unknown':
      return {
        ...unchanged,
        message: { ...nothing, state: 'unconfirmed', reason: outcome.reason, detail: outcome.detail },
        ledger: [{ kind: 'message.unconfirmed', detail: { kind: message.kind, reason: outcome.reason } }],
      };
    case 'not_sent':
      return later(
        message,
        now,
        retryDelayMs(message.attempts, random),
        outcome.reason,
        outcome.detail,
        false,
      );
    case 'throttled': {
      const jitter = 1 + 0.1 * random();
      return later(message, now, outcome.retryAfterMs * jitter, 'throttled', outcome.detail, true);
    }
    case 'account':
      return {
        ...later(message, now, pausedRestMs, outcome.reason, outcome.detail, true),
        pauseAccount: { reason: outcome.reason, detail: outcome.detail },
      };
    default:
      return outcome satisfies never;
  }
}

/** @returns the wait before try `attempts + 1`: doubling from 30 s to an hour, half of it random */
export function retryDelayMs(attempts: number, random: () => number): number {
  const full = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.max(0, attempts - 1));
  return full / 2 + (full / 2) * random();
}

const nothing = { reason: null, detail: null, externalId: null, dueAt: null, refund: false };
const unchanged = { delivery: null, held: null, recipientId: null, pauseAccount: null };

function sent(message: SettledMessage, outcome: Extract<SendOutcome, { kind: 'sent' }>): Settlement {
  const { kind, attempts } = message;
  const sentEntry = {
    kind: 'message.sent',
    detail: { kind, externalId: outcome.externalId, attempts },
  } as const;
  const common = {
    ...unchanged,
    message: { ...nothing, state: 'sent', externalId: outcome.externalId },
  } as const;
  if (kind === 'public_reply') return { ...common, ledger: [sentEntry] };
  return {
    ...common,
    delivery: { state: 'delivered', reason: null },
    held: 'queued',
    recipientId: outcome.recipientId,
    ledger: [sentEntry, { kind: 'resource.given', detail: {} }],
  };
}

/** The message will never be sent; without its private message a delivery has failed, and nothing is said in public. */
export function ended(
  message: { kind: MessageKind },
  state: 'failed' | 'expired',
  reason: string,
  detail: string,
): Settlement {
  const { kind } = message;
  const messageEntry = { kind: `message.${state}`, detail: { kind, reason } } as const;
  const common = { ...unchanged, message: { ...nothing, state, reason, detail } };
  if (kind === 'public_reply') return { ...common, ledger: [messageEntry] };
  return {
    ...common,
    delivery: { state, reason },
    held: 'cancelled',
    ledger: [messageEntry, { kind: `delivery.${state}`, detail: { reason } }],
  };
}

function later(
  message: SettledMessage,
  now: Date,
  delayMs: number,
  reason: string,
  detail: string,
  refund: boolean,
): Settlement {
  const lastTry = message.deadlineAt.getTime() - lastTryMs;
  if (now.getTime() >= lastTry) return ended(message, 'expired', reason, detail);
  // A wait that outlasts the window is cut short: one more try before it closes.
  const dueAt = new Date(Math.min(now.getTime() + delayMs, lastTry));
  return {
    ...unchanged,
    message: { ...nothing, state: 'queued', reason, detail, dueAt, refund },
    ledger: [],
  };
}
