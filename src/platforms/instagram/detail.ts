/** The words of an outcome for the owner's eyes: bounded, storable, and without the token. */

import type { GraphError } from './errors.ts';
import { errorCode, type HttpResult } from './http.ts';
import { cleanText } from './values.ts';

const maxDetailLength = 500;
/** Enough of a token to recognise it by, and too little to be of use. */
const recognisableLength = 8;

/**
 * Meta repeats a token that it cannot parse in its error message, at times cut short; so whatever begins like the
 * token goes too.
 */
export function toDetail(text: string, accessToken: string): string {
  let safe = text;
  // As it is, and as it stands in an address.
  for (const token of new Set([accessToken, encodeURIComponent(accessToken.toWellFormed())]))
    safe = without(token, safe);
  // Redacted before it is cut: a cut through the token would hide it from the search.
  return cleanText(safe.replace(/\s+/g, ' ').trim().slice(0, maxDetailLength));
}

function without(token: string, text: string): string {
  let safe = text;
  if (token !== '') safe = safe.replaceAll(token, '[token]');
  if (token.length >= 2 * recognisableLength) {
    const beginning = token.slice(0, recognisableLength).replace(/\W/g, '\\$&');
    safe = safe.replace(new RegExp(`${beginning}[^\\s"'<>]*`, 'g'), '[token]');
  }
  return safe;
}

export function describeError(error: GraphError): string {
  const code = error.subcode === null ? `${error.code}` : `${error.code}/${error.subcode}`;
  const trace = error.traceId === '' ? '' : ` (fbtrace_id ${error.traceId.slice(0, 64)})`;
  return `Error ${code}${trace}: ${error.message}`;
}

export function describeAnswer({ status, body }: Extract<HttpResult, { kind: 'answered' }>): string {
  return `HTTP ${status}: ${body.toString('utf8', 0, 2000)}`;
}

export function describeFault(error: Error): string {
  return `${errorCode(error)}: ${error.message}`;
}
