/**
 * Until when a person may be written to because of what they did
 * (developers.facebook.com/documentation/business-messaging/messenger-platform/policy, "standard messaging window").
 */

import type { QuietEvent } from '../port.ts';
import { isRecord } from './json.ts';
import type { Entry } from './strange.ts';
import { readId, readTime } from './values.ts';

const hourMs = 60 * 60_000;

/** "For most user actions, it lasts 24 hours" (…/policy). */
const windowMs = 24 * hourMs;

/** A first message after a click on a Click-to-Direct ad "may last up to 7 days from that message" (…/policy). */
const afterAdMs = 7 * 24 * hourMs;

/**
 * A message, also one that taps a quick reply or answers a story, and a tap on a button are the person's own doing and
 * open the window. A reaction, a read or a click on a link opens none, and neither does what the account does itself
 * or what is said while another app owns the conversation (`standby`).
 *
 * @returns null also where the item does not say who did it or when: the time of the delivery says too little, it
 * repeats itself for up to 36 hours
 */
export function readWindowEnd(
  kind: QuietEvent['kind'],
  item: Record<string, unknown>,
  entry: Entry,
): Date | null {
  if (kind !== 'message' && kind !== 'postback') return null;
  const message = isRecord(item.message) ? item.message : {};
  // The account in conversation with itself.
  if (item.is_self === true || message.is_self === true) return null;
  const sender = isRecord(item.sender) ? readId(item.sender.id) : null;
  if (sender === null || sender === entry.accountId) return null;
  const at = readTime(item.timestamp)?.getTime();
  if (at === undefined) return null;
  // Nobody acts after the news of it was sent: a time from the future must not keep the window open.
  const from = Math.min(at, entry.time?.getTime() ?? at);
  return new Date(from + (isFromAd(message.referral) ? afterAdMs : windowMs));
}

/** `message.referral` of a Click-to-Direct ad: `source` "ADS" and `ad_id` (…/webhooks/webhook-events/messaging_referrals). */
function isFromAd(referral: unknown): boolean {
  return isRecord(referral) && (referral.source === 'ADS' || readId(referral.ad_id) !== null);
}
