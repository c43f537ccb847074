/** How a message of ours is recognised among what a look-up reads. */

import type { SoughtMessage } from '../port.ts';

const minuteMs = 60_000;

/**
 * Two things in one: how far the platform's clock may be behind ours, and how long it may take until what was sent can
 * be read. Neither is documented; minutes are far beyond both.
 */
const settledAfterMs = 2 * minuteMs;

/** Nothing that was written earlier is from the attempt. */
export function earliestTrace({ attemptedAt }: SoughtMessage): number {
  return attemptedAt.getTime() - settledAfterMs;
}

/** @returns milliseconds until not finding the message means something; 0 from then on */
export function untilSettledMs({ attemptedAt }: SoughtMessage, now: Date): number {
  return Math.max(0, attemptedAt.getTime() + settledAfterMs - now.getTime());
}

/**
 * Which of the traces is this message.
 * @param traces the ids of what has its text and time; null for what is not certainly the account's
 * @returns `unclear`: none is, and of one it cannot be said
 */
export async function pickOwn(
  traces: readonly (string | null)[],
  sought: SoughtMessage,
): Promise<{ externalId: string | null; unclear: boolean }> {
  let unclear = false;
  for (const externalId of traces) {
    const whose = externalId === null ? 'unclear' : await sought.whose(externalId);
    if (whose === 'possible') return { externalId, unclear: false };
    if (whose === 'unclear') unclear = true;
  }
  return { externalId: null, unclear };
}

/**
 * Platforms normalise what they are given: composed characters, runs of white space, its edges. Without a text nothing
 * is recognised: a picture has none either.
 */
export function isSameText(a: string, b: string): boolean {
  return plain(a) === plain(b) && plain(a) !== '';
}

function plain(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}
