import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  deliveryStates,
  getDelivery,
  listDeliveries,
  listMessages,
  messageStates,
} from '../../records/deliveries.ts';
import { callerOf } from '../auth.ts';
import type { RouteDeps } from '../deps.ts';
import { delivery, deliveryWithMessages, message } from '../record-schemas.ts';
import { id, idParams, pageOf, pageQuery } from '../schemas.ts';

const tags = ['deliveries'];

export function deliveryRoutes({ prisma }: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/deliveries',
      {
        schema: {
          tags,
          operationId: 'listDeliveries',
          summary: 'List deliveries',
          querystring: pageQuery.extend({
            state: z.enum(deliveryStates).optional(),
            triggerId: id.optional(),
            contactId: id.optional(),
            accountId: id.optional(),
          }),
          response: { 200: pageOf(delivery) },
        },
      },
      async (request) => listDeliveries(prisma, callerOf(request).workspaceId, request.query),
    );

    app.get(
      '/deliveries/:id',
      {
        schema: {
          tags,
          operationId: 'getDelivery',
          summary: 'Read a delivery with its messages',
          params: idParams,
          response: { 200: deliveryWithMessages },
        },
      },
      async (request) => getDelivery(prisma, callerOf(request).workspaceId, request.params.id),
    );

    app.get(
      '/messages',
      {
        schema: {
          tags,
          operationId: 'listMessages',
          summary: 'List messages',
          description:
            'For example `?state=unconfirmed`: those of which it is not known whether they were sent. Where `waitsFor` is `person`, only you can find out.',
          querystring: pageQuery.extend({
            state: z.enum(messageStates).optional(),
            accountId: id.optional(),
          }),
          response: { 200: pageOf(message) },
        },
      },
      async (request) => listMessages(prisma, callerOf(request).workspaceId, request.query),
    );
  };
}
