import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { resourceText as text, resourceUrl as url } from '../../catalog/fields.ts';
import {
  archiveResource,
  changeResource,
  createResource,
  getResource,
  listResources,
  resourceKinds,
} from '../../catalog/resources.ts';
import { callerOf } from '../auth.ts';
import { changeOf, createForCaller, idempotencyHeaders } from '../creation.ts';
import type { RouteDeps } from '../deps.ts';
import { id, idParams, name, pageOf, pageQuery, problems, timestamp } from '../schemas.ts';

const tags = ['resources'];

const resource = z
  .object({
    id,
    name: z.string(),
    kind: z.enum(resourceKinds),
    url: z.string().nullable().describe('Of a link'),
    text: z.string().nullable().describe('Of a text'),
    createdAt: timestamp,
    updatedAt: timestamp,
    archivedAt: timestamp.nullable(),
  })
  .meta({ id: 'Resource' });

const createBody = z.discriminatedUnion('kind', [
  z.strictObject({ name, kind: z.literal('link'), url }),
  z.strictObject({ name, kind: z.literal('text'), text }),
]);

const changeBody = z.strictObject({
  name: name.optional(),
  kind: z.enum(resourceKinds).optional().describe('With the url or text that goes with it'),
  url: url.optional(),
  text: text.optional(),
});

export function resourceRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  const { prisma, platforms } = deps;
  return async (app) => {
    app.post(
      '/resources',
      {
        schema: {
          tags,
          operationId: 'createResource',
          summary: 'Create a resource',
          headers: idempotencyHeaders,
          body: createBody,
          response: { 201: resource, ...problems(409) },
        },
      },
      async (request, reply) => {
        const { body } = await createForCaller(deps, request, reply, {
          prepare: async () => request.body,
          create: async (tx, change, input) => ({
            status: 201,
            body: await createResource(tx, change, input),
          }),
        });
        return reply.code(201).send(body);
      },
    );

    app.get(
      '/resources',
      {
        schema: {
          tags,
          operationId: 'listResources',
          summary: 'List resources',
          querystring: pageQuery.extend({
            archived: z.enum(['true', 'false']).default('false').describe('true: only the archived ones'),
          }),
          response: { 200: pageOf(resource) },
        },
      },
      async (request) =>
        listResources(prisma, callerOf(request).workspaceId, {
          ...request.query,
          archived: request.query.archived === 'true',
        }),
    );

    app.get(
      '/resources/:id',
      {
        schema: {
          tags,
          operationId: 'getResource',
          summary: 'Read a resource',
          params: idParams,
          response: { 200: resource },
        },
      },
      async (request) => getResource(prisma, callerOf(request).workspaceId, request.params.id),
    );

    app.patch(
      '/resources/:id',
      {
        schema: {
          tags,
          operationId: 'updateResource',
          summary: 'Change a resource',
          description:
            'Refused while it would leave a trigger with a message that the platform does not take, for example because the URL became too long. Messages that are already waiting keep what they say.',
          params: idParams,
          body: changeBody,
          response: { 200: resource, ...problems(409) },
        },
      },
      async (request) =>
        changeResource(prisma, platforms, changeOf(request, deps), request.params.id, request.body),
    );

    app.delete(
      '/resources/:id',
      {
        schema: {
          tags,
          operationId: 'archiveResource',
          summary: 'Archive a resource',
          description: 'Refused while an active or paused trigger gives it.',
          params: idParams,
          response: { 204: z.undefined().describe('Archived, now or before'), ...problems(409) },
        },
      },
      async (request, reply) => {
        await archiveResource(prisma, changeOf(request, deps), request.params.id);
        return reply.code(204).send();
      },
    );
  };
}
