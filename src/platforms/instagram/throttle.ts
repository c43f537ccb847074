/** How long Meta wants to be left alone after it said "too fast". */

import type { IncomingHttpHeaders } from 'node:http';
import { isRecord, parseJson } from './json.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const withoutWordMs = 5 * minuteMs;
const shortestMs = 10 * secondMs;
const longestMs = 24 * 60 * minuteMs;

/**
 * `X-Business-Use-Case-Usage` gives minutes (developers.facebook.com/docs/graph-api/overview/rate-limiting);
 * `Retry-After`, which Meta does not document and proxies send, gives seconds or a date.
 */
export function readRetryAfterMs(headers: IncomingHttpHeaders, now: Date): number {
  const wanted =
    readRegainMs(single(headers['x-business-use-case-usage'])) ??
    readRetryAfterHeaderMs(single(headers['retry-after']), now) ??
    withoutWordMs;
  return Math.min(Math.max(wanted, shortestMs), longestMs);
}

function single(header: string | string[] | undefined): string {
  return (Array.isArray(header) ? header[0] : header) ?? '';
}

/** The header is keyed by business or account; the longest wait in it satisfies all of them. */
function readRegainMs(header: string): number | null {
  const json = parseJson(Buffer.from(header));
  if (!json.ok || !isRecord(json.value)) return null;
  const minutes = Object.values(json.value)
    .flat()
    .map((usage) => (isRecord(usage) ? Number(usage.estimated_time_to_regain_access) : 0))
    .filter((wait) => Number.isFinite(wait) && wait > 0);
  return minutes.length === 0 ? null : Math.max(...minutes) * minuteMs;
}

function readRetryAfterHeaderMs(header: string, now: Date): number | null {
  if (/^\d{1,9}$/.test(header)) return Number(header) * secondMs;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : date - now.getTime();
}
