/** A message as a request to the Graph API, and its answer as an outcome. */

import type { OutgoingMessage, SendingAccount, SendOutcome } from '../port.ts';
import { isPathSegment, isSendableToken, segment } from './address.ts';
import { describeAnswer, describeError, describeFault, toDetail } from './detail.ts';
import { judge, readGraphError } from './errors.ts';
import { errorCode, type GraphClient, type GraphRequest, type HttpResult } from './http.ts';
import { isRecord, parseJson } from './json.ts';
import { readRestMs, readRetryAfterMs } from './throttle.ts';
import { readId } from './values.ts';

export async function sendMessage(
  client: GraphClient,
  message: OutgoingMessage,
  account: SendingAccount,
): Promise<SendOutcome> {
  const { accessToken } = account.credentials;
  if (!isSendableToken(accessToken)) {
    return { kind: 'account', reason: 'token_invalid', detail: 'The stored token is empty or not a token.' };
  }
  if (!isPathSegment(message.targetId) || !isPathSegment(account.externalId)) {
    return {
      kind: 'rejected',
      reason: 'invalid_target',
      detail: 'The id of the account, or of what the message answers, is no id.',
      answered: false,
    };
  }
  const result = await client.request({ ...toRequest(message, account), accessToken });
  return toOutcome(message.kind, result, accessToken);
}

/**
 * Private reply: developers.facebook.com/documentation/instagram-platform/private-replies. Public reply:
 * `POST /{comment-id}/replies` of Meta's Instagram collection on Postman. Direct message: "Send messages" of
 * developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api, without a tag, so
 * that Instagram itself refuses it outside the window. The Graph API takes parameters as JSON.
 */
function toRequest(message: OutgoingMessage, account: SendingAccount): Omit<GraphRequest, 'accessToken'> {
  switch (message.kind) {
    case 'private_reply':
      return {
        method: 'POST',
        path: `/${segment(account.externalId)}/messages`,
        body: { recipient: { comment_id: message.targetId }, message: { text: message.text } },
      };
    case 'public_reply':
      return {
        method: 'POST',
        path: `/${segment(message.targetId)}/replies`,
        body: { message: message.text },
      };
    case 'direct_message':
      return {
        method: 'POST',
        path: `/${segment(account.externalId)}/messages`,
        body: { recipient: { id: message.targetId }, message: { text: message.text } },
      };
    default:
      return message.kind satisfies never;
  }
}

function toOutcome(kind: OutgoingMessage['kind'], result: HttpResult, accessToken: string): SendOutcome {
  const detail = (text: string) => toDetail(text, accessToken);
  switch (result.kind) {
    case 'not_written':
      return {
        kind: 'not_sent',
        reason: notSentReason(result.error),
        detail: detail(describeFault(result.error)),
      };
    case 'lost':
      return {
        kind: 'unknown',
        reason: result.timedOut ? 'no_answer_in_time' : 'connection_lost',
        detail: detail(describeFault(result.error)),
      };
    case 'answered':
      return fromAnswer(kind, result, detail);
    default:
      return result satisfies never;
  }
}

type Answer = Extract<HttpResult, { kind: 'answered' }>;

function fromAnswer(
  kind: OutgoingMessage['kind'],
  answer: Answer,
  detail: (text: string) => string,
): SendOutcome {
  const { status, headers, body } = answer;
  const json = parseJson(body);
  const value = json.ok ? json.value : null;
  if (status >= 200 && status < 300) {
    const sent = isRecord(value) ? value : {};
    const externalId = readId(kind === 'public_reply' ? sent.id : sent.message_id);
    if (externalId !== null) {
      // `recipient_id` is the id under which Instagram knows the person in messages.
      const recipientId = readId(sent.recipient_id);
      return { kind: 'sent', externalId, recipientId, restMs: readRestMs(headers) };
    }
    return { kind: 'unknown', reason: 'answer_without_id', detail: detail(describeAnswer(answer)) };
  }
  const error = readGraphError(value);
  const words = detail(error === null ? describeAnswer(answer) : describeError(error));
  if (status < 400 || status >= 500) return { kind: 'unknown', reason: 'platform_error', detail: words };
  if (error !== null) {
    const verdict = judge(error, status);
    if (verdict.kind !== 'throttled') return { ...verdict, detail: words };
  }
  if (error !== null || status === 429) {
    return { kind: 'throttled', retryAfterMs: readRetryAfterMs(headers, new Date()), detail: words };
  }
  return refusedOnTheWay.has(status)
    ? { kind: 'not_sent', reason: 'refused_on_the_way', detail: words }
    : { kind: 'unknown', reason: 'answer_unreadable', detail: words };
}

/**
 * Statuses that say "I did not let this through". Without the Graph API's envelope they are a proxy's or firewall's
 * words, spoken instead of forwarding; once it is repaired the message can go. Other 4xx pages (400, 408, 422…) can
 * come from something that has already forwarded the request, so they prove nothing.
 */
const refusedOnTheWay = new Set([401, 403, 404, 405, 407, 413]);

function notSentReason(error: Error): string {
  switch (errorCode(error)) {
    case 'ECONNREFUSED':
      return 'connection_refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'name_not_resolved';
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'connect_timeout';
    default:
      return 'no_connection';
  }
}
