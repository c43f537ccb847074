/** Single values of an item, read leniently: Meta's ids and times come as numbers and as strings. */

/**
 * Longer than any id seen (a message id has about 190 characters), and short enough that two of them, at three bytes a
 * character, fit the 2,704 bytes of a Postgres index row.
 */
export const maxKeyLength = 400;

const replacementCharacter = '\uFFFD';

/** Postgres stores neither NUL nor half a surrogate pair, and JSON can carry both. */
export function cleanText(text: string): string {
  if (text.isWellFormed() && !text.includes('\0')) return text;
  return text.toWellFormed().replaceAll('\0', replacementCharacter);
}

/** @returns null for what cannot be an id: another type, an inexact number, nothing, or too much */
export function readId(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null;
  if (typeof value !== 'string' || value.length === 0 || value.length > maxKeyLength) return null;
  return cleanText(value);
}

export function readText(value: unknown): string | null {
  return typeof value === 'string' ? cleanText(value) : null;
}

/** Quotes a name that came from outside for a reason that people read. */
export function quoted(name: string): string {
  return JSON.stringify(cleanText(name.slice(0, 80)));
}

/** Instagram opened to the public on 2010-10-06. */
const earliest = Date.UTC(2010, 9, 6);
const latest = Date.UTC(2100, 0, 1);

/**
 * `entry.time` is in seconds for `changes` and in milliseconds for `messaging`, as in the examples of
 * developers.facebook.com/docs/instagram-platform/webhooks/examples; but the App Dashboard's test message carries
 * seconds where milliseconds belong (chatwoot/chatwoot, its dashboard test event). The size tells them apart:
 * a plausible time in milliseconds is above 10^12, one in seconds below 10^10.
 *
 * @returns null for what is no plausible time; a time is never a reason to lose an event
 */
export function readTime(value: unknown): Date | null {
  const ms = toMilliseconds(value);
  return ms !== null && ms >= earliest && ms < latest ? new Date(ms) : null;
}

function toMilliseconds(value: unknown): number | null {
  if (typeof value === 'number') return value < 1e11 ? value * 1000 : value;
  if (typeof value !== 'string' || value.length > 40) return null;
  if (/^\d{9,16}$/.test(value)) return toMilliseconds(Number(value));
  // The Graph API writes offsets as +0000, which `Date.parse` is not bound to accept.
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/.test(value)) return null;
  const ms = Date.parse(value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(ms) ? null : ms;
}
