/**
 * The refusals of the Graph API, as data. Codes: Messenger Platform "Error Codes", Graph API "Handle Errors" and
 * "Rate Limits"; where a code is only known from practice, it says so.
 */
import { traceId } from './ids.ts';

export interface GraphError {
  status: number;
  code: number;
  subcode?: number;
  message: string;
}

export type GraphReply = { ok: true; body: object } | { ok: false; error: GraphError };

export const done = (body: object): GraphReply => ({ ok: true, body });

export function refuse(code: number, message: string, subcode?: number, status = statusOf(code)): GraphReply {
  return {
    ok: false,
    error: { status, code, message, ...(subcode === undefined ? {} : { subcode }) },
  };
}

/**
 * The status of a code. Only 403 for code 10 was seen in a capture from graph.instagram.com; Meta documents the codes
 * and not the statuses, so a caller that decides by status is wrong.
 */
export function statusOf(code: number): number {
  switch (code) {
    case 1:
    case 2:
      return 500;
    case 190:
      return 401;
    case 3:
    case 4:
    case 10:
    case 17:
    case 32:
    case 200:
    case 368:
      return 403;
    default:
      return 400;
  }
}

export function errorBody(error: GraphError): object {
  return {
    error: {
      message: error.message,
      // Seen from graph.instagram.com: token errors are OAuthException, the rest IGApiException.
      type: error.code === 190 || error.code === 102 ? 'OAuthException' : 'IGApiException',
      code: error.code,
      ...(error.subcode === undefined ? {} : { error_subcode: error.subcode }),
      ...(error.code === 1 || error.code === 2 ? { is_transient: true } : {}),
      fbtrace_id: traceId(),
    },
  };
}

export const unknownPath = (path: string) => refuse(2500, `Unknown path components: ${path}`);

export const unknownObject = (id: string, method: string) =>
  refuse(
    100,
    `Unsupported ${method.toLowerCase()} request. Object with ID '${id}' does not exist, cannot be loaded due to ` +
      'missing permissions, or does not support this operation',
    33,
  );

export const invalidParameter = (detail: string) => refuse(100, `(#100) ${detail}`);

/** Text and attachment together, or neither of them. */
export const invalidMessage = () => refuse(100, 'Invalid message data', 2534015);

/** From practice: what a second reply gets, and one to a comment that is gone, too old, or one's own. */
export const commentNotRepliable = () => refuse(100, 'The comment is invalid for a private reply', 2534025);

export const noSuchRecipient = () => refuse(100, 'The requested user cannot be found.', 2534014);

export const outsideWindow = () => refuse(10, 'This message is sent outside of allowed window.', 2534022);

export const personUnavailable = () => refuse(551, "This person isn't available right now.", 1545041);

export const consentRequired = () => refuse(230, 'User consent is required to access user profile');

export function tooManyCalls(code: 613 | 80002): GraphReply {
  return code === 613
    ? refuse(613, '(#613) Calls to this api have exceeded the rate limit.')
    : refuse(
        80002,
        '(#80002) There have been too many calls to this Instagram account. Wait a bit and try again. For more ' +
          'info, please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.',
      );
}

/** Refusals of the person or the content, as opposed to "not now" and "not with this token". */
export function isRejection(error: GraphError): boolean {
  return ![1, 2, 4, 17, 32, 190, 613, 80001, 80002, 80006].includes(error.code);
}
