import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { changeWorkspace, getWorkspace } from '../../catalog/workspace-policy.ts';
import { payments } from '../../triggers/price.ts';
import { callerOf } from '../auth.ts';
import { changeOf } from '../creation.ts';
import type { RouteDeps } from '../deps.ts';
import { id, problems, timestamp } from '../schemas.ts';

const tags = ['workspace'];

const maxPrice = z
  .int()
  .min(0)
  .max(payments.length)
  .nullable()
  .describe(
    'The most payments (comment, connection, follow, email) that an active trigger may ask of anybody for its resource; null for no bound',
  );

const workspace = z
  .object({ id, name: z.string(), maxPrice, createdAt: timestamp })
  .meta({ id: 'Workspace' });

export function workspaceRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  const { prisma } = deps;
  return async (app) => {
    app.get(
      '/workspace',
      {
        schema: {
          tags,
          operationId: 'getWorkspace',
          summary: 'Read the workspace of the key',
          response: { 200: workspace },
        },
      },
      async (request) => getWorkspace(prisma, callerOf(request).workspaceId),
    );

    app.patch(
      '/workspace',
      {
        schema: {
          tags,
          operationId: 'updateWorkspace',
          summary: 'Change the policy of the workspace',
          description: 'A bound that active triggers are above is refused with `price_too_high`.',
          body: z.strictObject({ maxPrice: maxPrice.optional() }),
          response: { 200: workspace, ...problems(422) },
        },
      },
      async (request) => changeWorkspace(prisma, changeOf(request, deps), request.body),
    );
  };
}
