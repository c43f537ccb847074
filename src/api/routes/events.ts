import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { eventReasons } from '../../intake/reasons.ts';
import { type EventScope, eventKinds, eventOutcomes, getEvent, listEvents } from '../../records/events.ts';
import { type ExplainedTrigger, explainEvent } from '../../records/explain.ts';
import { matchModes } from '../../triggers/modes.ts';
import { type Called, callerOf, requireScope } from '../auth.ts';
import type { RouteDeps } from '../deps.ts';
import { deliveryWithMessages, event, eventWithPayload, ledgerEntry } from '../record-schemas.ts';
import { count, id, idParams, pageOf, pageQuery, wordOf } from '../schemas.ts';

const tags = ['events'];

const span = z.object({ start: count, end: count });

/** A trigger's verdict on a comment. */
export const explainedTrigger = z.object({
  triggerId: id,
  name: z.string(),
  version: z.int().min(1),
  priority: z.int(),
  verdict: z.enum([
    'fired',
    'outranked',
    'keyword_absent',
    'keyword_refused',
    'excluded_word',
    'door_closed',
    'outside_dates',
    'outside_hours',
    'replies_not_wanted',
    'other_post',
    'not_active',
  ]),
  keyword: z
    .string()
    .nullable()
    .describe('The keyword that was found; of the mode all, all of them; * for the mode any'),
  span: span.nullable().describe('Where, in UTF-16 units of the text; the end is exclusive'),
  mode: z.enum(matchModes).nullable().describe('How it was looked for'),
  how: z
    .enum(['exact', 'folded', 'stretched', 'typo', 'any'])
    .nullable()
    .describe(
      'exact: letter for letter. folded: but for case, accents and width. stretched: with letters held down. typo: misspelt. any: no keyword was asked for',
    ),
  parts: z
    .array(z.object({ keyword: z.string(), ...span.shape }))
    .nullable()
    .describe('Of the mode all, each keyword with its place'),
  near: z
    .object({
      keyword: z.string(),
      why: z.enum(['other_words', 'not_a_hashtag', 'apart', 'slip', 'inside_a_word', 'in_an_address']),
      ...span.shape,
    })
    .nullable()
    .describe('Of keyword_absent: a keyword that nearly was there, and what it lacked'),
  sentence: z.string(),
});

const explanation = z
  .object({
    event: eventWithPayload,
    outcome: z.enum(eventOutcomes),
    reason: wordOf(eventReasons),
    summary: z.string().describe('One sentence'),
    triggers: z
      .array(explainedTrigger)
      .describe('In the order in which they are asked; empty where none was asked'),
    delivery: deliveryWithMessages.nullable(),
    ledger: z.array(ledgerEntry).describe('Of the delivery, oldest first'),
  })
  .meta({ id: 'Explanation' });

export function eventRoutes({ prisma }: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/events',
      {
        schema: {
          tags,
          operationId: 'listEvents',
          summary: 'List events',
          querystring: pageQuery.extend({
            accountId: id.optional(),
            kind: z.enum(eventKinds).optional(),
            outcome: z.enum(eventOutcomes).optional(),
            reason: z.enum(eventReasons).optional(),
            unassigned: z
              .enum(['true', 'false'])
              .default('false')
              .describe('true: those that name an account nobody has connected. Needs the scope `operate`'),
          }),
          response: { 200: pageOf(event) },
        },
      },
      async (request, reply) => {
        const unassigned = request.query.unassigned === 'true';
        if (unassigned) requireScope(request, reply, 'operate');
        return listEvents(prisma, callerOf(request).workspaceId, { ...request.query, unassigned });
      },
    );

    app.get(
      '/events/:id',
      {
        schema: {
          tags,
          operationId: 'getEvent',
          summary: 'Read an event',
          params: idParams,
          response: { 200: eventWithPayload },
        },
      },
      async (request) => getEvent(prisma, scopeOf(request), request.params.id),
    );

    app.get(
      '/events/:id/explain',
      {
        schema: {
          tags,
          operationId: 'explainEvent',
          summary: 'Explain why an event ended as it did',
          description:
            'Asks the triggers again, in the versions that were in force when the event came, so the answer stays true whatever was changed since.',
          params: idParams,
          response: { 200: explanation },
        },
      },
      async (request) => {
        const { triggers, ...explained } = await explainEvent(prisma, scopeOf(request), request.params.id);
        return {
          ...explained,
          triggers: triggers.map(withNulls),
        };
      },
    );
  };
}

type Optional = Pick<ExplainedTrigger, 'keyword' | 'span' | 'mode' | 'how' | 'parts' | 'near'>;

export function withNulls<Explained extends Optional>(explained: Explained) {
  const { keyword, span: place, mode, how, parts, near, ...always } = explained;
  return {
    ...always,
    keyword: keyword ?? null,
    span: place ?? null,
    mode: mode ?? null,
    how: how ?? null,
    parts: parts ?? null,
    near: near ?? null,
  };
}

function scopeOf(request: Called): EventScope {
  const { workspaceId, scopes } = callerOf(request);
  return { workspaceId, seesUnassigned: scopes.has('operate') };
}
