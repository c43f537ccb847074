/** A newer token before the old one dies. */

import type { Credentials, Refreshed } from '../port.ts';
import { isSendableToken } from './address.ts';
import { describeAnswer, describeError, describeFault, toDetail } from './detail.ts';
import { judge, readGraphError } from './errors.ts';
import type { GraphClient } from './http.ts';
import { isRecord, parseJson } from './json.ts';

/** Longer than any token lives; more than this is no lifetime. */
const longestLifeSeconds = 10 * 365 * 24 * 60 * 60;

/**
 * `GET /refresh_access_token`: without a version, and with the token as a parameter, which the page calls required
 * (developers.facebook.com/docs/instagram-platform/reference/refresh_access_token). It wants a token that is a day old
 * at least and not yet dead; the new one lives for 60 days and may be the same text.
 */
export async function refreshToken(
  client: GraphClient,
  credentials: Credentials,
  now: () => Date,
): Promise<Refreshed> {
  const { accessToken } = credentials;
  if (!isSendableToken(accessToken)) {
    return { kind: 'refused', detail: 'The token is empty or has characters that no token has.' };
  }
  const query = `grant_type=ig_refresh_token&access_token=${encodeURIComponent(accessToken)}`;
  const result = await client.request({
    method: 'GET',
    path: `/refresh_access_token?${query}`,
    unversioned: true,
    accessToken: null,
  });
  const detail = (text: string) => toDetail(text, accessToken);
  if (result.kind !== 'answered') return { kind: 'unavailable', detail: detail(describeFault(result.error)) };
  const json = parseJson(result.body);
  const answer = json.ok && isRecord(json.value) ? json.value : {};
  const error = readGraphError(answer);
  if (error !== null) {
    const verdict = result.status >= 500 ? null : judge(error, result.status);
    const refused = verdict?.kind === 'account' || verdict?.kind === 'rejected';
    return { kind: refused ? 'refused' : 'unavailable', detail: detail(describeError(error)) };
  }
  if (result.status !== 200) return { kind: 'unavailable', detail: detail(describeAnswer(result)) };
  const lifeSeconds = Number(answer.expires_in);
  if (!isToken(answer.access_token) || !(lifeSeconds > 0 && lifeSeconds <= longestLifeSeconds)) {
    // Its words stay out: they may hold a new token, which no search for the old one would find.
    return { kind: 'unavailable', detail: 'The answer has no token with a lifetime.' };
  }
  return {
    kind: 'refreshed',
    credentials: { accessToken: answer.access_token },
    expiresAt: new Date(now().getTime() + lifeSeconds * 1000),
  };
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && isSendableToken(value);
}
