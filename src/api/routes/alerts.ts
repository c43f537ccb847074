import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { alertKinds } from '../../alerts/kinds.ts';
import { listAlerts } from '../../records/alerts.ts';
import { callerOf } from '../auth.ts';
import type { RouteDeps } from '../deps.ts';
import { id, pageOf, pageQuery, timestamp, wordOf } from '../schemas.ts';

const alert = z
  .object({
    id,
    accountId: id,
    kind: wordOf(alertKinds),
    detail: z.unknown(),
    raisedAt: timestamp,
    clearedAt: timestamp.nullable().describe('When it was over'),
  })
  .meta({ id: 'Alert' });

export function alertRoutes({ prisma }: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/alerts',
      {
        schema: {
          tags: ['alerts'],
          operationId: 'listAlerts',
          summary: 'List what you should know',
          description:
            'account_paused: the platform does not let an account send. backlog: messages will expire before their turn comes. unconfirmed: of some messages only you can tell whether they were sent. credentials_expiring: an access token dies within a week and could not be renewed. An alert clears by itself when its cause is gone.',
          querystring: pageQuery.extend({
            accountId: id.optional(),
            kind: z.enum(alertKinds).optional(),
            cleared: z.stringbool().default(false).describe('Also those that are over'),
          }),
          response: { 200: pageOf(alert) },
        },
      },
      async (request) => listAlerts(prisma, callerOf(request).workspaceId, request.query),
    );
  };
}
