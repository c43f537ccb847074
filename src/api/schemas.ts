import { z } from 'zod';

export { name } from '../catalog/fields.ts';

/** What several routes share: ids, pages, problems. What each thing looks like stands with its routes. */

export const id = z.uuid();
export const idParams = z.strictObject({ id: id.describe('Its id') });
export const timestamp = z.iso.datetime().describe('UTC');

/** How many of something there are. */
export const count = z.int().min(0);

/**
 * A word of a list that may grow. An answer is not refused over one that is not in it: what is stored was written by
 * whichever version of us was running.
 */
export function wordOf(words: readonly string[]) {
  return z.string().meta({ enum: [...words] });
}

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many at most'),
  cursor: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('`nextCursor` of the page before; left out, the list starts at the newest'),
});

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    data: z
      .array(item)
      .describe(
        'Newest first. With a filter that fits little a page may be short or even empty although others follow',
      ),
    nextCursor: z
      .string()
      .nullable()
      .describe('Give it as `cursor` for the next page; null on the last one and on no other'),
  });
}

/** Everything that `code` may be, so far. What a name means never changes. */
export const problemCodes = [
  'account_connected_elsewhere',
  'account_disconnected',
  'account_mismatch',
  'account_refused',
  'account_unknown',
  'backfill_is_setting',
  'backfill_not_movable',
  'body_invalid',
  'body_not_expected',
  'body_too_deep',
  'body_too_large',
  'content_type_unsupported',
  'credentials_refused',
  'credentials_unreadable',
  'cursor_invalid',
  'database_unavailable',
  'delivery_not_replayable',
  'header_invalid',
  'headers_too_large',
  'idempotency_key_in_progress',
  'idempotency_key_reused',
  'internal_error',
  'json_malformed',
  'key_invalid',
  'key_missing',
  'message_not_unconfirmed',
  'method_not_allowed',
  'not_found',
  'pace_unknown',
  'platform_missing',
  'platform_unavailable',
  'platform_unknown',
  'query_invalid',
  'queue_unavailable',
  'rehearsal_running',
  'request_malformed',
  'request_refused',
  'request_timeout',
  'resource_archived',
  'resource_content',
  'resource_in_use',
  'resource_unknown',
  'route_not_found',
  'scope_missing',
  'price_too_high',
  'template_invalid',
  'text_invalid',
  'trigger_archived',
  'trigger_not_active',
  'trigger_not_draft',
  'trigger_unknown',
  'url_malformed',
  'url_too_long',
  'version_unacceptable',
  'window_closed',
] as const;

export const problem = z
  .object({
    type: z.string().describe('Always about:blank; `code` says what it is'),
    title: z.string().describe('What the status means'),
    status: z.int().min(400).max(599),
    code: wordOf(problemCodes).describe('Stable: what programs branch on. More may come'),
    detail: z.string().describe('What is wrong and what to do about it'),
    field: z
      .string()
      .optional()
      .describe('What is at fault: a JSON pointer into the body, or the name of a query parameter or header'),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .describe('Everything that is at fault, up to 20 things'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457: why a request was not answered as asked' });

const problemDescriptions = {
  400: 'The request, a query parameter or a header cannot be understood',
  401: 'No API key, or one that is unknown or revoked',
  403: 'The API key does not have the scope',
  404: 'There is no such thing in this workspace',
  409: 'It contradicts the state of things',
  413: 'The body is too large',
  415: 'The body is not application/json',
  422: 'The body is understood, but not acceptable',
  500: 'A fault of the service',
  502: 'The platform did not answer',
  503: 'The database is away or overloaded; Retry-After says when to try again',
} as const;

type ProblemStatus = keyof typeof problemDescriptions;

/** The `response` entries of problems that a route may answer with. */
export function problems<Status extends ProblemStatus>(...statuses: Status[]) {
  const entries = statuses.map((status) => [
    status,
    {
      description: problemDescriptions[status],
      content: { 'application/problem+json': { schema: problem } },
    },
  ]);
  return Object.fromEntries(entries) as Record<
    Status,
    { description: string; content: Record<string, { schema: typeof problem }> }
  >;
}
