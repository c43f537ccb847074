/** What Instagram lets an account do, and how fast. */

import type { Capabilities, MessageKind } from '../port.ts';
import { answerWindowMs } from './deadline.ts';

/**
 * Limits: developers.facebook.com/documentation/business-messaging/messenger-platform, "Rate Limits". They count calls in
 * a sliding window, also refused ones; a pace of `burst` and `perHour` lets at most their sum through in any hour
 * (and `burst` + `perHour` / 3600 in any second), so that the sum is what has to stay below the limit.
 */
const paces = {
  // 750 an hour and account. At most 700; the rest is room for repetitions and for another tool on the account.
  private_reply: { perHour: 600, burst: 100 },
  // 100 a second. At most 75.
  live_private_reply: { perHour: 50 * 3600, burst: 25 },
  // No figure is documented. One follows each private reply, and as fast as they it never falls behind.
  public_reply: { perHour: 600, burst: 100 },
  // 300 a second; the overview of the Instagram Platform still says 100. At most 75.
  direct_message: { perHour: 50 * 3600, burst: 25 },
  // 4,800 a day for each time the account's content was seen in it: nobody who has comments comes near. Slow all the
  // same, for these calls share that allowance with whatever else reads the account.
  listing: { perHour: 600, burst: 60 },
} satisfies Capabilities['paces'];

export const capabilities: Capabilities = {
  textLimits: {
    // Bytes, not characters: messaging API page of developers.facebook.com/docs/instagram-platform.
    private_reply: { max: 1000, unit: 'utf8-bytes' },
    // The only documented figure is the retired Instagram API's rule for comments; today's pages give none.
    public_reply: { max: 300, unit: 'characters' },
    direct_message: { max: 1000, unit: 'utf8-bytes' },
  },
  maxUsernameLength: 30,
  paces,
  repetition: {
    // One message for each comment (developers.facebook.com/documentation/instagram-platform/private-replies).
    private_reply: 'refused_twice',
    public_reply: 'checkable',
    direct_message: 'checkable',
  },
  listing: { pace: 'listing', windowMs: answerWindowMs },
};

export function paceOf(kind: MessageKind, live: boolean): keyof typeof paces {
  return kind === 'private_reply' && live ? 'live_private_reply' : kind;
}
