/**
 * What an error of the Graph API means for a send. Source unless a row says otherwise:
 * developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes.
 */

import type { SendOutcome } from '../port.ts';
import { isRecord } from './json.ts';

export type Verdict =
  | { kind: 'rejected'; reason: string; answered: boolean }
  | { kind: 'not_sent'; reason: string }
  | { kind: 'unknown'; reason: string }
  | { kind: 'throttled' }
  | { kind: 'account'; reason: Extract<SendOutcome, { kind: 'account' }>['reason'] };

/** The envelope `{"error":{…}}`, as far as it can be read. */
export interface GraphError {
  code: number;
  subcode: number | null;
  message: string;
  traceId: string;
  transient: boolean;
}

const rejected = (reason: string, answered = false): Verdict => ({ kind: 'rejected', reason, answered });
const account = (reason: Extract<Verdict, { kind: 'account' }>['reason']): Verdict => ({
  kind: 'account',
  reason,
});
const throttled: Verdict = { kind: 'throttled' };
/** Meta calls these temporary. Whether the one reply that a comment allows is spent, it does not say. */
const ambiguous: Verdict = { kind: 'unknown', reason: 'platform_error' };

/** `none`: the code came without a subcode. `any`: whatever the subcode, unless another row names it. */
type Subcode = number | 'none' | 'any';

const table: readonly (readonly [code: number, subcode: Subcode, verdict: Verdict])[] = [
  [1, 'any', ambiguous],
  [2, 'any', ambiguous],
  [2, 1545133, ambiguous],

  [4, 'any', throttled],
  [17, 'any', throttled],
  [32, 'any', throttled],
  [613, 'any', throttled],
  [613, 2534040, throttled],
  [613, 2018338, throttled],
  // "Application limit reached": developers.facebook.com/docs/graph-api/guides/error-handling
  [341, 'any', throttled],
  // Business use case limits of Pages, Instagram and Messenger: developers.facebook.com/docs/graph-api/overview/rate-limiting
  [80001, 'any', throttled],
  [80002, 'any', throttled],
  [80006, 'any', throttled],

  // developers.facebook.com/docs/graph-api/guides/error-handling; the subcodes of both say how the token died.
  [102, 'any', account('token_invalid')],
  [190, 'any', account('token_invalid')],

  [4, 2207051, account('blocked')],
  [10, 1893063, account('blocked')],
  [368, 'any', account('blocked')],

  // Wrong host or path for the token, permissions missing, messages switched off by the owner, no linked account.
  [3, 'any', account('not_permitted')],
  // A permission "is not granted or has been removed" (…/guides/error-handling). With a subcode it is about one message.
  [10, 'none', account('not_permitted')],
  [200, 'any', account('not_permitted')],
  [200, 2018028, account('not_permitted')],
  [200, 2534041, account('not_permitted')],
  [100, 2534013, account('not_permitted')],

  // Another app owns this one conversation; it may hand it back, and the account's other conversations are not
  // touched by that.
  [100, 2534037, { kind: 'not_sent', reason: 'conversation_elsewhere' }],

  [10, 2534022, rejected('outside_window')],
  [10, 2018278, rejected('outside_window')],
  // "The comment is invalid for a private reply": what a second reply gets, and one to a comment that is deleted or
  // too old. Meta does not tell these apart (observed by openreply and others).
  [100, 2534025, rejected('already_replied_or_invalid_comment', true)],
  // Activity already replied to (facebookarchive/php-graph-sdk #568; seen on Pages).
  [10900, 'any', rejected('already_replied_or_invalid_comment', true)],
  [10902, 'any', rejected('not_replyable')],
  [100, 2534015, rejected('invalid_message')],
  [10, 2018108, rejected('recipient_unavailable')],
  [10, 2534077, rejected('recipient_unavailable')],
  [10, 2018065, rejected('recipient_unavailable')],
  [100, 2534014, rejected('recipient_unavailable')],
  [100, 2018001, rejected('recipient_unavailable')],
  [100, 2534029, rejected('recipient_unavailable')],
  [200, 1545041, rejected('recipient_unavailable')],
  [551, 'any', rejected('recipient_unavailable')],
  [551, 1545041, rejected('recipient_unavailable')],
  [9009, 'any', rejected('recipient_unavailable')],
  [230, 'any', rejected('consent_required')],
];

const verdicts = new Map(table.map(([code, subcode, verdict]) => [`${code}/${subcode}`, verdict]));

/**
 * A code without a row counts as refused for good. That is safe only because of what the caller has made sure of: a 4xx
 * status with the Graph API's own envelope. The envelope is the "error response resulting from a failed API request"
 * (…/guides/error-handling) and stands where the result would stand, so whoever wrote it had the call in hand and did
 * not carry it out; and 4xx lays the cause with the request, so that repeating it unchanged would fail again. What says
 * of itself that it is transient claims neither, and stays unknown.
 *
 * @param status the HTTP status that the error came with, 400 to 499
 */
export function judge(error: GraphError, status: number): Verdict {
  const known = verdicts.get(`${error.code}/${error.subcode ?? 'none'}`) ?? verdicts.get(`${error.code}/any`);
  if (known !== undefined) return known;
  if (status === 429) return throttled;
  if (error.transient) return ambiguous;
  // All of them are missing permissions, each code another one (…/guides/error-handling).
  if (error.code >= 200 && error.code <= 299) return account('not_permitted');
  return rejected('refused_by_platform');
}

/**
 * Proxies write `{"error":{"code":403,…}}` too, with the HTTP status as code; only Meta names a type or a trace.
 *
 * @returns null where `answer` is no error of the Graph API
 */
export function readGraphError(answer: unknown): GraphError | null {
  const error = isRecord(answer) ? answer.error : null;
  if (!isRecord(error)) return null;
  const code = readCode(error.code);
  if (code === null) return null;
  if (typeof error.type !== 'string' && typeof error.fbtrace_id !== 'string') return null;
  return {
    code,
    subcode: readCode(error.error_subcode),
    message: typeof error.message === 'string' ? error.message : '',
    traceId: typeof error.fbtrace_id === 'string' ? error.fbtrace_id : '',
    transient: error.is_transient === true,
  };
}

function readCode(value: unknown): number | null {
  const code = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof code === 'number' && Number.isSafeInteger(code) ? code : null;
}
