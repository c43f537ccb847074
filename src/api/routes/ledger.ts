import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ledgerKinds } from '../../ledger/kinds.ts';
import { listLedger } from '../../records/ledger.ts';
import { callerOf } from '../auth.ts';
import type { RouteDeps } from '../deps.ts';
import { ledgerEntry } from '../record-schemas.ts';
import { id, pageOf, pageQuery } from '../schemas.ts';

export function ledgerRoutes({ prisma }: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/ledger',
      {
        schema: {
          tags: ['ledger'],
          operationId: 'listLedgerEntries',
          summary: 'List ledger entries',
          description: 'Entries are never changed or removed.',
          querystring: pageQuery.extend({ deliveryId: id.optional(), kind: z.enum(ledgerKinds).optional() }),
          response: { 200: pageOf(ledgerEntry) },
        },
      },
      async (request) => listLedger(prisma, callerOf(request).workspaceId, request.query),
    );
  };
}
