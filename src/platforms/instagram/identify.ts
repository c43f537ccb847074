/** Whose token is this? */

import type { Credentials, Identification } from '../port.ts';
import { isSendableToken } from './address.ts';
import { describeAnswer, describeError, describeFault, toDetail } from './detail.ts';
import { judge, readGraphError } from './errors.ts';
import type { GraphClient } from './http.ts';
import { isRecord, parseJson } from './json.ts';
import { readId } from './values.ts';

/**
 * `user_id` is the id of the professional account, which webhooks call `entry.id`; the `id` beside it is scoped to
 * the app and appears in no webhook.
 */
export async function identifyToken(client: GraphClient, credentials: Credentials): Promise<Identification> {
  const { accessToken } = credentials;
  if (!isSendableToken(accessToken)) {
    return { kind: 'refused', detail: 'The token is empty or has characters that no token has.' };
  }
  const result = await client.request({ method: 'GET', path: '/me?fields=user_id,username', accessToken });
  if (result.kind !== 'answered') {
    return { kind: 'unavailable', detail: toDetail(describeFault(result.error), accessToken) };
  }
  const json = parseJson(result.body);
  const answer = json.ok ? json.value : null;
  const error = readGraphError(answer);
  if (error !== null) {
    const verdict = result.status >= 500 ? null : judge(error, result.status);
    const refused = verdict?.kind === 'account' || verdict?.kind === 'rejected';
    return { kind: refused ? 'refused' : 'unavailable', detail: toDetail(describeError(error), accessToken) };
  }
  const profile = readProfile(answer);
  const externalId = readId(profile.user_id);
  if (result.status !== 200 || externalId === null) {
    return { kind: 'unavailable', detail: toDetail(describeAnswer(result), accessToken) };
  }
  return { kind: 'identified', externalId, username: readId(profile.username) };
}

/**
 * The page developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/get-started shows the
 * profile inside `data[]`; clients in use read it at the top.
 */
function readProfile(answer: unknown): Record<string, unknown> {
  if (!isRecord(answer)) return {};
  const first = Array.isArray(answer.data) ? answer.data[0] : answer;
  return isRecord(first) ? first : {};
}
