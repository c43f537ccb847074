import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { getContact, listContacts } from '../../records/contacts.ts';
import { callerOf } from '../auth.ts';
import type { RouteDeps } from '../deps.ts';
import { id, idParams, pageOf, pageQuery, timestamp } from '../schemas.ts';

const tags = ['contacts'];

const contact = z
  .object({
    id,
    accountId: id,
    externalId: z.string().describe('The platform’s id of this person, for this account'),
    username: z.string().nullable(),
    firstSeenAt: timestamp,
    lastSeenAt: timestamp,
  })
  .meta({ id: 'Contact' });

export function contactRoutes({ prisma }: RouteDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.get(
      '/contacts',
      {
        schema: {
          tags,
          operationId: 'listContacts',
          summary: 'List contacts',
          querystring: pageQuery.extend({ accountId: id.optional() }),
          response: { 200: pageOf(contact) },
        },
      },
      async (request) => listContacts(prisma, callerOf(request).workspaceId, request.query),
    );

    app.get(
      '/contacts/:id',
      {
        schema: {
          tags,
          operationId: 'getContact',
          summary: 'Read a contact',
          params: idParams,
          response: { 200: contact },
        },
      },
      async (request) => getContact(prisma, callerOf(request).workspaceId, request.params.id),
    );
  };
}
