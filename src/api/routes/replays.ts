import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { resolutions } from '../../deliveries/resolve.ts';
import { Problem } from '../../problem.ts';
import { getDelivery, getMessage } from '../../records/deliveries.ts';
import { callerOf } from '../auth.ts';
import { changeOf } from '../creation.ts';
import type { RouteDeps } from '../deps.ts';
import { deliveryWithMessages, message } from '../record-schemas.ts';
import { id, idParams, problems, timestamp } from '../schemas.ts';

const tags = ['deliveries'];

const refusals = {
  account_disconnected: 'Its account is disconnected. Connect it again first.',
  already_answered: 'The platform says that the comment has its one private reply already.',
  already_served: 'It was replayed already, or this person was served through another comment.',
  may_have_been_sent: 'Of one of its attempts nobody could tell whether it arrived.',
  message_unrenderable: 'None of the trigger’s templates gives a message that the platform would take.',
  platform_missing: 'This installation does not know the account’s platform.',
  window_closed: 'The comment can no longer be answered, and no conversation with this person is open.',
} as const;

const replayFilter = z.strictObject({
  state: z.enum(['failed', 'expired']).optional(),
  reason: z.string().min(1).max(100).optional().describe('As deliveries show it'),
  triggerId: id.optional(),
  accountId: id.optional(),
  createdAfter: timestamp.optional(),
  createdBefore: timestamp.optional(),
  dryRun: z.boolean().default(true).describe('true only says what would happen'),
  limit: z.int().min(1).max(1_000).default(200).describe('How many are looked at, the oldest first'),
});

const replayReport = z
  .object({
    dryRun: z.boolean(),
    replayed: z
      .array(z.object({ id: id.nullable().describe('null in a dry run'), replayOfId: id }))
      .describe('What was begun anew, or would be'),
    refused: z.array(
      z.object({ deliveryId: id, reason: z.enum(Object.keys(refusals) as (keyof typeof refusals)[]) }),
    ),
    more: z.boolean().describe('Whether the filter fits more than were looked at'),
  })
  .meta({ id: 'ReplayReport' });

export function replayRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  const { prisma, deliveries } = deps;
  return async (app) => {
    app.post(
      '/deliveries/:id/replay',
      {
        schema: {
          tags,
          operationId: 'replayDelivery',
          summary: 'Begin a delivery anew that failed or expired',
          description:
            'Makes a new delivery that is linked to the old one and takes its place, with the trigger as it is today: over the comment while it can be answered, else into the conversation if the person has one open.',
          params: idParams,
          response: { 201: deliveryWithMessages, ...problems(409) },
        },
      },
      async (request, reply) => {
        const { workspaceId } = callerOf(request);
        const old = await getDelivery(prisma, workspaceId, request.params.id);
        if ((old.state !== 'failed' && old.state !== 'expired') || old.replayedAt !== null) {
          throw new Problem(
            409,
            'delivery_not_replayable',
            'Only a delivery that failed or expired, and was not replayed yet, can be replayed.',
          );
        }
        const options = { dryRun: false, limit: 1 };
        const result = await deliveries.replay(changeOf(request, deps), { deliveryId: old.id }, options);
        const [begun] = result.replayed;
        if (!begun?.id) {
          const reason = result.refused[0]?.reason ?? 'already_served';
          throw new Problem(409, 'delivery_not_replayable', refusals[reason]);
        }
        reply.header('location', `/v1/deliveries/${begun.id}`);
        return reply.code(201).send(await getDelivery(prisma, workspaceId, begun.id));
      },
    );

    app.post(
      '/deliveries/replay',
      {
        schema: {
          tags,
          operationId: 'replayDeliveries',
          summary: 'Begin many deliveries anew that failed or expired',
          description: 'A dry run unless `dryRun` is false.',
          body: replayFilter,
          response: { 200: replayReport },
        },
      },
      async (request) => {
        const { dryRun, limit, createdAfter, createdBefore, ...filter } = request.body;
        const result = await deliveries.replay(
          changeOf(request, deps),
          {
            ...filter,
            ...(createdAfter && { createdAfter: new Date(createdAfter) }),
            ...(createdBefore && { createdBefore: new Date(createdBefore) }),
          },
          { dryRun, limit },
        );
        return { dryRun, ...result };
      },
    );

    app.post(
      '/messages/:id/resolve',
      {
        schema: {
          tags,
          operationId: 'resolveMessage',
          summary: 'Say what became of an unconfirmed message',
          description:
            'sent: it arrived, the delivery is complete. send_again: it did not, send it. give_up: leave it, the delivery has failed. Look into the account’s inbox, or under the comment, before you say so.',
          params: idParams,
          body: z.strictObject({ as: z.enum(resolutions) }),
          response: { 200: message, ...problems(409) },
        },
      },
      async (request) => {
        const by = changeOf(request, deps);
        await deliveries.resolve(by, request.params.id, request.body.as);
        return getMessage(prisma, by.workspaceId, request.params.id);
      },
    );
  };
}
