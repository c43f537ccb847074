/** How long Meta wants to be left alone: after it said "too fast", and shortly before it would. */

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
export function readRetryAfterMs(
  headers: IncomingHttpHeaders,
  now: Date,
  otherwiseMs = withoutWordMs,
): number {
  const wanted =
    readRegainMs(businessUsages(headers)) ??
    readRetryAfterHeaderMs(single(headers['retry-after']), now) ??
    otherwiseMs;
  return Math.min(Math.max(wanted, shortestMs), longestMs);
}

/** Percent of what is allowed. */
const nearlyUsedUp = 95;
const nearlyUsedUpRestMs = minuteMs;

/**
 * The usage that comes with every answer: percentages of the calls, the time and the CPU time that the account and the
 * app may use (…/overview/rate-limiting). At 100 the next call is refused.
 *
 * @returns milliseconds to leave the account alone although it was not refused; 0 for none
 */
export function readRestMs(headers: IncomingHttpHeaders): number {
  const percent = readUsedPercent(headers);
  const regainMs = readRegainMs(businessUsages(headers));
  if (regainMs !== null) return Math.min(regainMs, longestMs);
  if (percent >= 100) return withoutWordMs;
  return percent >= nearlyUsedUp ? nearlyUsedUpRestMs : 0;
}

/** Reading leaves the last quarter of the allowance to sending. */
const readersShare = 75;

/** The same for calls that can wait: they rest earlier, so that what is to be sent goes on. */
export function readListingRestMs(headers: IncomingHttpHeaders): number {
  const restMs = readRestMs(headers);
  return readUsedPercent(headers) >= readersShare ? Math.max(restMs, withoutWordMs) : restMs;
}

function readUsedPercent(headers: IncomingHttpHeaders): number {
  const usages = [...businessUsages(headers), parsed(headers['x-app-usage'])].filter(isRecord);
  return Math.max(0, ...usages.flatMap(percentages));
}

function percentages({ call_count, total_time, total_cputime }: Record<string, unknown>): number[] {
  return [call_count, total_time, total_cputime].map(Number).filter(Number.isFinite);
}

function single(header: string | string[] | undefined): string {
  return (Array.isArray(header) ? header[0] : header) ?? '';
}

function parsed(header: string | string[] | undefined): unknown {
  // Most answers have one of the two headers only, and a parser that fails is dear: it captures a stack.
  if (header === undefined) return null;
  const json = parseJson(Buffer.from(single(header)));
  return json.ok ? json.value : null;
}

/** The header is keyed by business or account. */
function businessUsages(headers: IncomingHttpHeaders): unknown[] {
  const usage = parsed(headers['x-business-use-case-usage']);
  return isRecord(usage) ? Object.values(usage).flat() : [];
}

/** The longest wait satisfies all of them. */
function readRegainMs(usages: readonly unknown[]): number | null {
  const minutes = usages
    .map((usage) => (isRecord(usage) ? Number(usage.estimated_time_to_regain_access) : 0))
    .filter((wait) => Number.isFinite(wait) && wait > 0);
  return minutes.length === 0 ? null : Math.max(...minutes) * minuteMs;
}

function readRetryAfterHeaderMs(header: string, now: Date): number | null {
  if (/^\d{1,9}$/.test(header)) return Number(header) * secondMs;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : date - now.getTime();
}
