import type { LedgerKind } from '../ledger/kinds.ts';
import type { LookUpResult, MessageKind, Repetition, SendOutcome } from '../platforms/port.ts';

const firstRetryMs = 30_000;
const longestRetryMs = 60 * 60_000;

/** The last try comes this long before the platform's window closes. */
const lastTryMs = 60_000;

/** How long a message rests while its account is paused, before it is looked at again. */
const pausedRestMs = 5 * 60_000;

/** How long an echo has to arrive before the platform is asked. */
const firstLookUpMs = 10_000;

/** After so many look-ups that decided nothing a person has to. */
const maxLookUps = 12;

/** The `reason` of an unconfirmed message whose repetition was refused because the platform has an answer already. */
export const refusedAsAnswered = 'refused_as_answered';

export interface SettledMessage {
  kind: MessageKind;
  /** Tries so far, this one included. */
  attempts: number;
  deadlineAt: Date;
  /** Whether an earlier attempt ended without a known outcome. */
  doubted: boolean;
}

/** All that follows for a message. One place decides it; one statement writes it. */
export interface Settlement {
  message: {
    state: 'sent' | 'failed' | 'unconfirmed' | 'expired' | 'queued';
    reason: string | null;
    /** What the platform said, for people. */
    detail: string | null;
    externalId: string | null;
    /** When it may be tried again; null unless `queued`. */
    dueAt: Date | null;
    /** Whatever slot it gets, not before; null where only its slot counts. */
    notBefore: Date | null;
    /** It is certain that no attempt so far has sent it. */
    clearsDoubt: boolean;
    /** When the platform is asked whether it arrived; null unless `unconfirmed`, and where only a person can tell. */
    lookUpAt: Date | null;
    /** The try does not count: nothing was sent and the message is not to blame. */
    refund: boolean;
  };
  /** How the delivery ends; null while it goes on. */
  delivery: { state: 'delivered' | 'failed' | 'expired'; reason: string | null } | null;
  /** What becomes of the public reply that waited for the private message. */
  held: 'queued' | 'cancelled' | null;
  /** Whom to write to from now on. */
  recipientId: string | null;
  /** Until when the account makes no more calls of this kind. */
  restUntil: Date | null;
  /** The platform says that the conversation is over. */
  closesWindow: boolean;
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
  const { kind, attempts } = message;
  switch (outcome.kind) {
    case 'sent': {
      const { externalId, recipientId, restMs } = outcome;
      const settlement = arrived(kind, { externalId, recipientId }, { attempts });
      return restMs > 0 ? { ...settlement, restUntil: after(now, restMs) } : settlement;
    }
    case 'rejected':
      // The platform takes one answer and has one: very likely that of the attempt in doubt. A look-up makes sure.
      if (message.doubted && outcome.answered) return doubt(kind, refusedAsAnswered, outcome.detail, now);
      // This attempt was refused; of the one before it still nobody knows.
      if (message.doubted) return doubt(kind, outcome.reason, outcome.detail, null);
      return {
        ...ended(kind, 'failed', outcome.reason, outcome.detail),
        closesWindow: outcome.reason === 'outside_window' && kind === 'direct_message',
      };
    case 'unknown':
      return doubt(kind, outcome.reason, outcome.detail, after(now, firstLookUpMs));
    case 'not_sent': {
      const delayMs = retryDelayMs(attempts, random);
      return later(message, now, delayMs, outcome.reason, outcome.detail, false);
    }
    case 'throttled': {
      const delayMs = outcome.retryAfterMs * (1 + 0.1 * random());
      const restUntil = after(now, outcome.retryAfterMs);
      return { ...later(message, now, delayMs, 'throttled', outcome.detail, true), restUntil };
    }
    case 'account': {
      const settlement = later(message, now, pausedRestMs, outcome.reason, outcome.detail, true);
      return {
        ...settlement,
        // Whenever the account comes back.
        message: { ...settlement.message, notBefore: null },
        pauseAccount: { reason: outcome.reason, detail: outcome.detail },
      };
    }
    default:
      return outcome satisfies never;
  }
}

/**
 * What a look-up means for a message of unknown outcome.
 * @param message.lookUps how often it was looked up, this time included
 * @param repetition what the platform does with a repeated send of this kind
 */
export function settleLookUp(
  message: SettledMessage & { lookUps: number; reason: string | null },
  result: LookUpResult,
  repetition: Repetition,
  now: Date,
): Settlement {
  const { kind } = message;
  const askPerson = { ...doubt(kind, message.reason ?? 'unknown', result.detail, null), ledger: [] };
  switch (result.kind) {
    case 'found':
      return arrived(kind, result, { attempts: message.attempts, proof: result.detail });
    case 'absent': {
      if (repetition === 'blind') return askPerson;
      const settlement = repeat(message, result.detail, now);
      // Where the platform refuses a second, a look-up need not be thorough, and its word is not the last.
      const clearsDoubt = repetition === 'checkable';
      return { ...settlement, message: { ...settlement.message, clearsDoubt } };
    }
    case 'unclear':
      // Where the platform takes one answer only, the repetition itself is the question.
      if (repetition === 'refused_twice' && message.reason !== refusedAsAnswered)
        return repeat(message, result.detail, now);
      return askPerson;
    case 'unavailable': {
      if (message.lookUps >= maxLookUps) return askPerson;
      const delayMs = Math.max(result.retryAfterMs, Math.min(longestRetryMs, 15_000 * 2 ** message.lookUps));
      return {
        ...askPerson,
        message: { ...askPerson.message, lookUpAt: after(now, delayMs) },
      };
    }
    default:
      return result satisfies never;
  }
}

/** @returns the wait before try `attempts + 1`: doubling from 30 s to an hour, half of it random */
export function retryDelayMs(attempts: number, random: () => number): number {
  const full = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.max(0, attempts - 1));
  return full / 2 + (full / 2) * random();
}

const nothing = {
  reason: null,
  detail: null,
  externalId: null,
  dueAt: null,
  notBefore: null,
  clearsDoubt: false,
  lookUpAt: null,
  refund: false,
};
const unchanged = {
  delivery: null,
  held: null,
  recipientId: null,
  restUntil: null,
  closesWindow: false,
  pauseAccount: null,
};

function after(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}

/**
 * The person has the message.
 * @param known what goes into the ledger beside the message's kind and id
 */
export function arrived(
  kind: MessageKind,
  message: { externalId: string | null; recipientId: string | null },
  known: Record<string, unknown>,
): Settlement {
  const { externalId, recipientId } = message;
  const sentEntry = { kind: 'message.sent', detail: { kind, externalId, ...known } } as const;
  const common = { ...unchanged, message: { ...nothing, state: 'sent', externalId } } as const;
  if (kind === 'public_reply') return { ...common, ledger: [sentEntry] };
  return {
    ...common,
    delivery: { state: 'delivered', reason: null },
    held: 'queued',
    recipientId,
    ledger: [sentEntry, { kind: 'resource.given', detail: {} }],
  };
}

/** @param lookUpAt null where only a person can tell */
export function doubt(
  kind: MessageKind,
  reason: string,
  detail: string | null,
  lookUpAt: Date | null,
): Settlement {
  return {
    ...unchanged,
    message: { ...nothing, state: 'unconfirmed', reason, detail, lookUpAt },
    ledger: [{ kind: 'message.unconfirmed', detail: { kind, reason } }],
  };
}

/** The message will never be sent; without its private message a delivery has failed, and nothing is said in public. */
export function ended(
  kind: MessageKind,
  state: 'failed' | 'expired',
  reason: string,
  detail: string,
): Settlement {
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

/** The attempt in doubt did not arrive, or a second would be refused: it goes out again, if there is time. */
export function repeat(
  message: { kind: MessageKind; deadlineAt: Date },
  detail: string | null,
  now: Date,
): Settlement {
  const { kind, deadlineAt } = message;
  if (now >= deadlineAt) return ended(kind, 'expired', 'window_closed', detail ?? 'it was not sent in time');
  return {
    ...unchanged,
    message: { ...nothing, state: 'queued', reason: 'sent_again', detail, dueAt: now },
    ledger: [{ kind: 'message.repeated', detail: { kind } }],
  };
}

/** Its deadline has passed while it waited. What is in doubt is not called unsent. */
export function overdue(message: {
  kind: MessageKind;
  doubted: boolean;
  tooLate: boolean;
  reason: string | null;
  detail: string | null;
}): Settlement {
  const { kind, reason, detail } = message;
  if (message.doubted) return doubt(kind, reason ?? 'window_closed', detail, null);
  const why = message.tooLate ? 'backlog' : (reason ?? 'window_closed');
  return ended(kind, 'expired', why, detail ?? 'it was not sent in time');
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
  if (now.getTime() >= lastTry) {
    return overdue({ kind: message.kind, doubted: message.doubted, tooLate: false, reason, detail });
  }
  // A wait that outlasts the window is cut short: one more try before it closes.
  const dueAt = new Date(Math.min(now.getTime() + delayMs, lastTry));
  return {
    ...unchanged,
    message: { ...nothing, state: 'queued', reason, detail, dueAt, notBefore: dueAt, refund },
    ledger: [],
  };
}
