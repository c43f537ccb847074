import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  backfillKinds,
  backfillNeeds,
  backfillStates,
  backfillVerbs,
  getBackfill,
  listBackfills,
  moveBackfill,
  startBackfill,
} from '../../backfill/backfills.ts';
import { resolveSelection, type SelectionInput } from '../../backfill/selection.ts';
import { eventReasons } from '../../intake/reasons.ts';
import { callerOf } from '../auth.ts';
import { changeOf, createForCaller, idempotencyHeaders } from '../creation.ts';
import type { RouteDeps } from '../deps.ts';
import { count, id, idParams, pageOf, pageQuery, problems, timestamp, wordOf } from '../schemas.ts';

const tags = ['backfills'];

const selection = z.strictObject({
  accountId: id,
  triggerId: id.optional().describe('Only what this trigger answers; left out, all of the account’s'),
  mediaIds: z
    .array(z.string().min(1).max(100))
    .max(50)
    .optional()
    .describe('Which posts; left out, those that the trigger counts on, else the latest ones'),
  latestPosts: z.int().min(1).max(500).default(25).describe('How many of the latest posts'),
  since: timestamp
    .optional()
    .describe(
      'Comments before it are left alone; left out, and never before it, what the platform lets be answered',
    ),
});

const reasons = [...eventReasons, 'already_served', 'sold_out', 'other_trigger', 'other_workspace'];

const progress = z.object({
  posts: count.describe('Posts that were read as far as wanted'),
  postsRefused: count.describe('Posts that the platform would not show'),
  pages: count.describe('Calls that gave something'),
  found: count.describe('Comments within the time: matched + alreadyAnswered + the sum of skipped'),
  new: count.describe('Of those found: no webhook had told of them'),
  matched: count.describe('A message answers them'),
  reconsidered: count.describe('Of those matched: they had been skipped when they came'),
  alreadyAnswered: count.describe('They led to a delivery before'),
  skipped: z
    .record(z.string(), count)
    .describe(`By reason: those of events, and ${reasons.slice(-3).join(', ')}`),
  unreadable: count.describe('Entries that could not be read'),
});

const backfill = z
  .object({
    id,
    accountId: id,
    kind: z
      .enum(backfillKinds)
      .describe(
        'backfill: somebody asked for it. reconcile: the account’s own, which begins anew again and again',
      ),
    triggerId: id.nullable(),
    mediaIds: z.array(z.string()),
    latestPosts: z.int(),
    since: timestamp,
    state: z.enum(backfillStates).describe('failed: resume it once what is in its way is gone'),
    reason: z.string().nullable().describe('What is in its way, or was'),
    detail: z.string().nullable().describe('What the platform said last'),
    waitsFor: z
      .enum(backfillNeeds)
      .nullable()
      .describe('account: until the account is active. turn: until `nextAt`'),
    nextAt: timestamp.nullable().describe('When its next page is due'),
    progress,
    missed: count.describe('Of a reconcile’s last round: comments whose webhooks should have come'),
    createdAt: timestamp,
    updatedAt: timestamp,
    finishedAt: timestamp.nullable(),
  })
  .meta({ id: 'Backfill' });

const preview = z
  .object({
    since: timestamp,
    progress,
    complete: z.boolean().describe('Whether everything was looked at: a preview reads up to 60 pages'),
    detail: z.string().nullable().describe('Why not everything'),
    samples: z
      .array(
        z.object({
          commentId: z.string(),
          mediaId: z.string().nullable(),
          username: z.string().nullable(),
          text: z.string(),
          writtenAt: timestamp,
          fate: z.enum(['matched', 'known', 'skipped']),
          reason: wordOf(reasons).nullable(),
          triggerId: id.nullable(),
          keyword: z.string().nullable(),
        }),
      )
      .describe('Up to five of each fate and reason'),
    answers: z.object({
      lastAt: timestamp
        .nullable()
        .describe('When the last private reply would go out at the account’s pace; null for none'),
      tooLate: count.describe('How many would wait beyond the end of their window'),
    }),
  })
  .meta({ id: 'BackfillPreview' });

export function backfillRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  const { prisma, platforms, backfills } = deps;
  return async (app) => {
    app.post(
      '/backfills/preview',
      {
        schema: {
          tags,
          operationId: 'previewBackfill',
          summary: 'See what a back-fill would do',
          description:
            'Reads the posts now and decides as the back-fill would. Stores nothing, sends nothing.',
          body: selection,
          response: { 200: preview, ...problems(409, 502) },
        },
      },
      async (request) => {
        const { workspaceId } = callerOf(request);
        const input = toInput(request.body);
        const resolved = await resolveSelection(prisma, platforms, workspaceId, input, deps.now());
        return backfills.preview(resolved.account, resolved.selection);
      },
    );

    app.post(
      '/backfills',
      {
        schema: {
          tags,
          operationId: 'startBackfill',
          summary: 'Answer comments that came before their trigger, or that no webhook told of',
          description:
            'Reads the comments page by page at the account’s pace. A comment is answered once, however many look for it; one that was skipped when it came is decided about again.',
          headers: idempotencyHeaders,
          body: selection,
          response: { 201: backfill },
        },
      },
      async (request, reply) => {
        const input = toInput(request.body);
        const { body } = await createForCaller(deps, request, reply, {
          prepare: async () => {},
          create: async (tx, change) => ({
            status: 201,
            body: await startBackfill(tx, platforms, change, input),
          }),
        });
        return reply.code(201).send(body);
      },
    );

    app.get(
      '/backfills',
      {
        schema: {
          tags,
          operationId: 'listBackfills',
          summary: 'List back-fills',
          querystring: pageQuery.extend({
            accountId: id.optional(),
            state: z.enum(backfillStates).optional(),
            kind: z.enum(backfillKinds).default('backfill'),
          }),
          response: { 200: pageOf(backfill) },
        },
      },
      async (request) => listBackfills(prisma, callerOf(request).workspaceId, request.query, deps.now()),
    );

    app.get(
      '/backfills/:id',
      {
        schema: {
          tags,
          operationId: 'getBackfill',
          summary: 'Read a back-fill',
          params: idParams,
          response: { 200: backfill },
        },
      },
      async (request) => getBackfill(prisma, callerOf(request).workspaceId, request.params.id, deps.now()),
    );

    for (const verb of backfillVerbs) {
      app.post(
        `/backfills/:id/${verb}`,
        {
          schema: {
            tags,
            operationId: `${verb}Backfill`,
            summary: summaries[verb],
            params: idParams,
            response: { 200: backfill, ...problems(409) },
          },
        },
        async (request) => moveBackfill(prisma, changeOf(request, deps), request.params.id, verb),
      );
    }
  };
}

const summaries = {
  pause: 'Pause a back-fill: what it found is still answered',
  resume: 'Resume a back-fill that was paused or has failed',
  stop: 'Stop a back-fill for good: what it found is still answered',
};

function toInput({ since, ...rest }: z.infer<typeof selection>): SelectionInput {
  return { ...rest, ...(since !== undefined && { since: new Date(since) }) };
}
