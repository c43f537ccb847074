import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { withCollisions } from '../../catalog/collisions.ts';
import { listTriggerVersions } from '../../catalog/trigger-versions.ts';
import { getTrigger, listTriggers, type TriggerView } from '../../catalog/trigger-views.ts';
import { archiveTrigger, changeTrigger, createTrigger, restoreTrigger } from '../../catalog/triggers.ts';
import { readVariants } from '../../records/variants.ts';
import { triggerStates } from '../../triggers/definition.ts';
import { type Called, callerOf } from '../auth.ts';
import { changeOf, createForCaller, idempotencyHeaders } from '../creation.ts';
import type { RouteDeps } from '../deps.ts';
import { id, idParams, pageOf, pageQuery, problems } from '../schemas.ts';
import {
  changeTriggerBody,
  createTriggerBody,
  savedTrigger,
  trigger,
  triggerVersion,
  variantResults,
} from '../trigger-schemas.ts';

const tags = ['triggers'];

export function triggerRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  const { prisma, platforms } = deps;
  const saved = async (request: Called, trigger: Promise<TriggerView>) =>
    withCollisions(prisma, callerOf(request).workspaceId, await trigger);
  return async (app) => {
    app.post(
      '/triggers',
      {
        schema: {
          tags,
          operationId: 'createTrigger',
          summary: 'Create a trigger',
          description:
            'Its templates are tried out first, with the resource and the longest user name there can be: one that fails, does not give the resource, or is longer than the platform takes is refused with `template_invalid`.',
          headers: idempotencyHeaders,
          body: createTriggerBody,
          response: { 201: savedTrigger, ...problems(409) },
        },
      },
      async (request, reply) => {
        const { body } = await createForCaller(deps, request, reply, {
          prepare: async () => request.body,
          create: async (tx, change, input) => ({
            status: 201,
            body: await withCollisions(
              tx,
              change.workspaceId,
              await createTrigger(tx, platforms, change, input),
            ),
          }),
        });
        return reply.code(201).send(body);
      },
    );

    app.get(
      '/triggers',
      {
        schema: {
          tags,
          operationId: 'listTriggers',
          summary: 'List triggers',
          querystring: pageQuery.extend({
            accountId: id.optional(),
            state: z.enum(triggerStates).optional().describe('Left out: all but the archived ones'),
          }),
          response: { 200: pageOf(trigger) },
        },
      },
      async (request) => listTriggers(prisma, callerOf(request).workspaceId, request.query),
    );

    app.get(
      '/triggers/:id',
      {
        schema: {
          tags,
          operationId: 'getTrigger',
          summary: 'Read a trigger',
          params: idParams,
          response: { 200: savedTrigger },
        },
      },
      async (request) => saved(request, getTrigger(prisma, callerOf(request).workspaceId, request.params.id)),
    );

    app.get(
      '/triggers/:id/versions',
      {
        schema: {
          tags,
          operationId: 'listTriggerVersions',
          summary: 'List the versions of a trigger',
          description:
            'Every version there ever was, with who wrote it and what it changed. They never change: deliveries and explanations refer to them.',
          params: idParams,
          querystring: pageQuery,
          response: { 200: pageOf(triggerVersion) },
        },
      },
      async (request) =>
        listTriggerVersions(prisma, callerOf(request).workspaceId, request.params.id, request.query),
    );

    app.post(
      '/triggers/:id/versions/:version/restore',
      {
        schema: {
          tags,
          operationId: 'restoreTriggerVersion',
          summary: 'Bring back what a version said',
          description:
            'Writes a new version with everything that the old one said, except its state: a trigger that is on stays on. Checked as any change: a resource that was archived since is refused. Writes nothing when nothing changes.',
          params: idParams.extend({ version: z.coerce.number().int().min(1).max(2_147_483_647) }),
          response: { 200: savedTrigger, ...problems(409, 422) },
        },
      },
      async (request) =>
        saved(
          request,
          restoreTrigger(
            prisma,
            platforms,
            changeOf(request, deps),
            request.params.id,
            request.params.version,
          ),
        ),
    );

    app.get(
      '/triggers/:id/variants',
      {
        schema: {
          tags,
          operationId: 'getTriggerVariants',
          summary: 'Compare the texts of a trigger',
          description:
            'What came of the private messages that each text was drawn for, of the 20,000 that were delivered last. Shares come with the interval in which the true one lies, at 95 %; a text is ahead only where its worst is better than the best of every other.',
          params: idParams,
          response: { 200: variantResults },
        },
      },
      async (request) => readVariants(prisma, callerOf(request).workspaceId, request.params.id),
    );

    app.patch(
      '/triggers/:id',
      {
        schema: {
          tags,
          operationId: 'updateTrigger',
          summary: 'Change a trigger',
          description:
            'Lists are replaced as a whole. Writes a new version, unless nothing changes. Counts for comments that come in from now on; deliveries under way keep the version that they began with.',
          params: idParams,
          body: changeTriggerBody,
          response: { 200: savedTrigger, ...problems(409) },
        },
      },
      async (request) =>
        saved(
          request,
          changeTrigger(prisma, platforms, changeOf(request, deps), request.params.id, request.body),
        ),
    );

    for (const [verb, state] of [
      ['pause', 'paused'],
      ['resume', 'active'],
    ] as const) {
      app.post(
        `/triggers/:id/${verb}`,
        {
          schema: {
            tags,
            operationId: `${verb}Trigger`,
            summary: verb === 'pause' ? 'Pause a trigger' : 'Resume a trigger, or activate a draft',
            params: idParams,
            response: { 200: savedTrigger, ...problems(409, 422) },
          },
        },
        async (request) =>
          saved(
            request,
            changeTrigger(prisma, platforms, changeOf(request, deps), request.params.id, { state }),
          ),
      );
    }

    app.delete(
      '/triggers/:id',
      {
        schema: {
          tags,
          operationId: 'archiveTrigger',
          summary: 'Archive a trigger',
          description: 'Ends it for good. Deliveries under way go on.',
          params: idParams,
          response: { 204: z.undefined().describe('Archived, now or before') },
        },
      },
      async (request, reply) => {
        await archiveTrigger(prisma, changeOf(request, deps), request.params.id);
        return reply.code(204).send();
      },
    );
  };
}
