import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { eventReasons } from '../../intake/reasons.ts';
import { type EventScope, eventKinds, eventOutcomes, getEvent, listEvents } from '../../records/events.ts';
import { type ExplainedTrigger, explainEvent } from '../../records/explain.ts';
import { type Called, callerOf, requireScope } from '../auth.ts';
import type { RouteDeps } from '../deps.ts';
import { deliveryWithMessages, event, eventWithPayload, ledgerEntry } from '../record-schemas.ts';
import { count, id, idParams, pageOf, pageQuery, wordOf } from '../schemas.ts';

const tags = ['events'];

/** A trigger's verdict on a comment. */
export const explainedTrigger = z.object({
  triggerId: id,
  name: z.string(),
  version: z.int().min(1),
  priority: z.int(),
  verdict: z.enum(['fired', 'outranked', 'keyword_absent', 'replies_not_wanted', 'other_post', 'not_active']),
  keyword: z.string().nullable().describe('The keyword that was found'),
  span: z
    .object({ start: count, end: count })
    .nullable()
    .describe('Where, in UTF-16 units of the text; the end is exclusive'),
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

export function withNulls<Explained extends Pick<ExplainedTrigger, 'keyword' | 'span'>>(
  explained: Explained,
) {
  return { ...explained, keyword: explained.keyword ?? null, span: explained.span ?? null };
}

function scopeOf(request: Called): EventScope {
  const { workspaceId, scopes } = callerOf(request);
  return { workspaceId, seesUnassigned: scopes.has('operate') };
}
