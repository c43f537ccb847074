import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type MessageKind, messageKinds } from '../../platforms/port.ts';
import { messageStates } from '../../records/deliveries.ts';
import { readStats } from '../../records/stats.ts';
import { callerOf } from '../auth.ts';
import type { RouteDeps } from '../deps.ts';
import { count } from '../schemas.ts';

type Counts<Name extends string> = Record<Name, typeof count>;

function countsOf<Name extends string>(names: readonly Name[]) {
  return z.object(Object.fromEntries(names.map((name) => [name, count])) as Counts<Name>);
}

const byState = countsOf(messageStates);
const byReason = z.record(z.string(), count);

const stats = z
  .object({
    received: count.describe('Events, each counted once however often it was reported'),
    delivered: count,
    waiting: count,
    skipped: count,
    failed: count,
    expired: count,
    skippedByReason: byReason,
    failedByReason: byReason,
    expiredByReason: byReason,
    messages: z.object(
      Object.fromEntries(messageKinds.map((kind) => [kind, byState])) as Record<MessageKind, typeof byState>,
    ),
  })
  .meta({ id: 'Stats' });

export function statsRoutes({ prisma }: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/stats',
      {
        schema: {
          tags: ['stats'],
          operationId: 'getStats',
          summary: 'Count what became of everything',
          description:
            'All numbers are of one moment: received = delivered + waiting + skipped + failed + expired, exactly. They are of everything that was ever received: events that retention has deleted since stay counted.',
          querystring: z.strictObject({}),
          response: { 200: stats },
        },
      },
      async (request) => readStats(prisma, callerOf(request).workspaceId),
    );
  };
}
