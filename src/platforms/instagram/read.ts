/** The reads of one look-up, which together take no longer than the look-up may. */

import type { LookUpResult, SendingAccount } from '../port.ts';
import { describeAnswer, describeError, describeFault, toDetail } from './detail.ts';
import { judge, readGraphError } from './errors.ts';
import type { GraphClient, HttpResult } from './http.ts';
import { isRecord, parseJson } from './json.ts';
import { readRetryAfterMs } from './throttle.ts';
import { readId } from './values.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;

/** After trouble on the way or at the platform. */
const troubleRetryMs = 30 * secondMs;
/** What is wrong with a token or a permission takes a person to repair. */
const accountRetryMs = 5 * minuteMs;
/** Where nothing says how long: the limit that look-ups meet first, that of conversations, is over in a second. */
const throttledRetryMs = 10 * secondMs;

/** 50 comments of 2,200 characters, each of which Meta may write as `\uXXXX`, with room to spare. */
const maxBodyBytes = 1024 * 1024;

export type NotRead = Extract<LookUpResult, { kind: 'unclear' | 'unavailable' }>;

export type Read =
  | { ok: true; value: Record<string, unknown> }
  /** `refused`: Instagram will not answer this question, as opposed to "not now" and "not with this token". */
  | { ok: false; refused: boolean; result: NotRead };

export type Query = Record<string, string | null>;

export interface Reader {
  /** @param path with a leading slash, encoded. Fields that are null are left out of the query. */
  get(path: string, query: Query): Promise<Read>;
}

export function createReader(
  client: GraphClient,
  { credentials: { accessToken } }: SendingAccount,
  timeoutMs: number,
  now: () => Date,
): Reader {
  const endsAtMs = performance.now() + timeoutMs;
  const leftMs = () => Math.floor(endsAtMs - performance.now());
  return {
    async get(path, query) {
      const givenMs = leftMs();
      if (givenMs <= 0) return notNow('The time for the look-up is over.', troubleRetryMs);
      const parameters = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) if (value !== null) parameters.set(name, value);
      const result = await client.request({
        method: 'GET',
        path: `${path}?${parameters}`,
        accessToken,
        timeoutMs: givenMs,
        maxBodyBytes,
      });
      return toRead(result, accessToken, now());
    },
  };
}

function toRead(result: HttpResult, accessToken: string, now: Date): Read {
  const detail = (text: string) => toDetail(text, accessToken);
  if (result.kind !== 'answered') return notNow(detail(describeFault(result.error)), troubleRetryMs);
  const { status, headers, body } = result;
  const json = parseJson(body);
  const value = json.ok ? json.value : null;
  const error = readGraphError(value);
  const words = detail(error === null ? describeAnswer(result) : describeError(error));
  const throttledMs = () => readRetryAfterMs(headers, now, throttledRetryMs);
  if (error === null) {
    if (status === 200 && isRecord(value)) return { ok: true, value };
    return notNow(words, status === 429 ? throttledMs() : troubleRetryMs);
  }
  if (status >= 500) return notNow(words, troubleRetryMs);
  const verdict = judge(error, status);
  switch (verdict.kind) {
    case 'throttled':
      return notNow(words, throttledMs());
    case 'account':
      return { ...notNow(words, accountRetryMs), refused: verdict.reason === 'not_permitted' };
    case 'rejected':
      return { ok: false, refused: true, result: { kind: 'unclear', detail: words } };
    case 'unknown':
    case 'not_sent':
      return notNow(words, troubleRetryMs);
    default:
      return verdict satisfies never;
  }
}

function notNow(detail: string, retryAfterMs: number): Extract<Read, { ok: false }> {
  return { ok: false, refused: false, result: { kind: 'unavailable', retryAfterMs, detail } };
}

export interface Page {
  items: Record<string, unknown>[];
  more: boolean;
  /** The cursor of the next page; null where there is none. */
  after: string | null;
}

/** Graph API, "Paginated Results": `next` says that there is more. It is not followed itself, for it carries the token. */
export function readPage(edge: unknown): Page {
  const { data, paging } = isRecord(edge) ? edge : {};
  const items = Array.isArray(data) ? data.filter(isRecord) : [];
  const more = isRecord(paging) && typeof paging.next === 'string';
  return { items, more, after: more && isRecord(paging.cursors) ? readId(paging.cursors.after) : null };
}
