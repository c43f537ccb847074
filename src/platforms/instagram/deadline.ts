/** Until when Instagram lets a comment be answered. */

import type { CommentEvent } from '../port.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/**
 * A private reply may be sent "within 7 days of the creation of the comment"
 * (developers.facebook.com/documentation/instagram-platform/private-replies).
 */
export const replyWindowMs = 7 * 24 * hourMs;

/** For the time between the claim of a message and the platform's clock. */
const marginMs = 10 * minuteMs;

/** How long after it was written a comment is answered. */
export const answerWindowMs = replyWindowMs - marginMs;

/**
 * Under a live video, only during the broadcast (same page), and no webhook tells its end. Four hours is an
 * assumption: longer than nearly every broadcast, and Instagram refuses what comes after the end of this one.
 */
const liveWindowMs = 4 * hourMs;

/** A comment that claims to be from the future counts from when it was received. */
export function answerDeadline(comment: CommentEvent, receivedAt: Date): Date {
  const from = Math.min(comment.occurredAt?.getTime() ?? Number.POSITIVE_INFINITY, receivedAt.getTime());
  return new Date(from + (comment.live ? liveWindowMs : answerWindowMs));
}
