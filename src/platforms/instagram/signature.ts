/** Does this come from Meta? The signature of a delivery, and the question that precedes the first one. */

import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Verification } from '../port.ts';

const maxChallengeLength = 256;

/** Made once: a key made anew from its text for every webhook would take as long as the rest of the check. */
export function signingKeys(appSecrets: readonly string[]): KeyObject[] {
  // Anybody could sign with an empty secret.
  return appSecrets.filter((secret) => secret !== '').map((secret) => createSecretKey(secret, 'utf8'));
}

/**
 * `X-Hub-Signature-256: sha256=<lowercase hex>` is the HMAC-SHA256 of the raw bytes under the app's secret
 * (developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks). Meta escapes the body
 * before it signs, so only the bytes as they came verify; a body that was parsed and written again does not. The
 * legacy SHA-1 header `X-Hub-Signature` proves too little and is not looked at.
 *
 * An app that serves both of Meta's Instagram products is signed for by two secrets: any of them may have signed.
 */
export function verifySignature(
  keys: readonly KeyObject[],
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Buffer,
): Verification {
  if (keys.length === 0) return 'not_configured';
  const header = headers['x-hub-signature-256'];
  const digest = typeof header === 'string' ? /^sha256=([0-9a-f]{64})$/.exec(header)?.[1] : undefined;
  if (digest === undefined) return 'invalid';
  const given = Buffer.from(digest, 'latin1');
  let valid = false;
  for (const key of keys) {
    // As digits, which Node hands over sooner than bytes.
    const expected = createHmac('sha256', key).update(body).digest('hex');
    if (timingSafeEqual(given, Buffer.from(expected, 'latin1'))) valid = true;
  }
  return valid ? 'valid' : 'invalid';
}

/**
 * `GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…` wants the bare challenge back
 * (developers.facebook.com/docs/instagram-platform/webhooks).
 *
 * @returns null for whoever does not know the token, and for a query that is not such a question
 */
export function answerChallenge(
  verifyToken: string | undefined,
  query: Readonly<Record<string, unknown>>,
): string | null {
  const token = query['hub.verify_token'];
  const challenge = query['hub.challenge'];
  if (verifyToken === undefined || verifyToken === '') return null;
  if (query['hub.mode'] !== 'subscribe' || typeof token !== 'string' || !sameText(token, verifyToken))
    return null;
  if (typeof challenge !== 'string' || challenge === '' || challenge.length > maxChallengeLength) return null;
  return challenge;
}

/** Hashing first makes the lengths equal, which `timingSafeEqual` insists on. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
