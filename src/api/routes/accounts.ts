import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  accountStates,
  changeAccount,
  connectAccount,
  disconnectAccount,
  getAccount,
  listAccounts,
} from '../../catalog/accounts.ts';
import { adapterFor, identifyOwner } from '../../catalog/identify.ts';
import { callerOf } from '../auth.ts';
import { changeOf, createForCaller, idempotencyHeaders } from '../creation.ts';
import type { RouteDeps } from '../deps.ts';
import { id, idParams, pageOf, pageQuery, problems, timestamp } from '../schemas.ts';

const tags = ['accounts'];

const pace = z.object({
  perHour: z.int().min(1).max(3_600_000).describe('Calls an hour, spread evenly'),
  burst: z.int().min(1).max(1_000_000).describe('How many of them may come at once'),
});

const publicRepliesPerPost = z
  .int()
  .min(0)
  .max(1_000_000)
  .nullable()
  .describe('The most public replies under one post; null for no end');

const reconcileEvery = z
  .int()
  .min(15)
  .max(10_080)
  .nullable()
  .describe(
    'After how many minutes its latest posts are read again for comments that no webhook told of; null for never',
  );

const settings = {
  pacing: z
    .record(z.string().min(1).max(50), z.strictObject(pace.shape).nullable())
    .optional()
    .describe('By kind of call, as `pacing` shows them; null for the platform’s own pace'),
  publicRepliesPerPost: publicRepliesPerPost.optional(),
  reconcileEvery: reconcileEvery.optional(),
};

const account = z
  .object({
    id,
    platform: z.string(),
    externalId: z.string().describe('The platform’s id of it, as its webhooks name it'),
    username: z.string().nullable(),
    state: z
      .enum(accountStates)
      .describe(
        'active: answers. paused: receives and keeps what is to be sent until it is active again. disconnected: neither',
      ),
    stateReason: z
      .string()
      .nullable()
      .describe('Why it is paused: paused_by_owner, or what the platform said'),
    probeAt: timestamp
      .nullable()
      .describe('When an account that the platform stopped is tried again; null where only you resume it'),
    credentialsExpireAt: timestamp
      .nullable()
      .describe('When its access token dies, where that is known: it is renewed long before'),
    publicRepliesPerPost: publicRepliesPerPost,
    reconcileEvery,
    pacing: z
      .record(z.string(), pace.extend({ custom: z.boolean().describe('Set by you; else the platform’s') }))
      .describe('How fast it makes each kind of call that the platform counts'),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'Account' });

const accessToken = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters only')
  .max(4_096)
  .describe('Kept encrypted, and never shown again');

const connectBody = z.strictObject({
  platform: z.string().min(1).max(50).describe('instagram'),
  accessToken,
  externalId: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('The account that the token has to belong to; left out, whichever it belongs to is connected'),
  ...settings,
});

const changeBody = z.strictObject({
  state: z.enum(['active', 'paused']).optional(),
  accessToken: accessToken.optional(),
  ...settings,
});

export function accountRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  const { prisma, platforms, secretBox } = deps;
  return async (app) => {
    app.post(
      '/accounts',
      {
        schema: {
          tags,
          operationId: 'connectAccount',
          summary: 'Connect an account',
          description:
            'Asks the platform whose access token this is, and connects that account. If this workspace connected it before, even if it was disconnected since, it gets the new credentials and becomes active, with its id and triggers: 200 instead of 201.',
          headers: idempotencyHeaders,
          body: connectBody,
          response: { 200: account, 201: account, ...problems(409, 502) },
        },
      },
      async (request, reply) => {
        const { platform, accessToken, externalId, ...settings } = request.body;
        const adapter = adapterFor(platforms, platform);
        const { status, body } = await createForCaller(deps, request, reply, {
          prepare: () => identifyOwner(adapter, accessToken, externalId),
          async create(tx, change, owner) {
            const input = { adapter, accessToken, owner, secretBox, settings };
            const connected = await connectAccount(tx, change, input);
            return { status: connected.created ? 201 : 200, body: connected.account };
          },
        });
        return reply.code(status).send(body);
      },
    );

    app.get(
      '/accounts',
      {
        schema: {
          tags,
          operationId: 'listAccounts',
          summary: 'List accounts',
          description: 'Also the disconnected ones.',
          querystring: pageQuery.extend({ state: z.enum(accountStates).optional() }),
          response: { 200: pageOf(account) },
        },
      },
      async (request) => listAccounts(prisma, callerOf(request).workspaceId, request.query),
    );

    app.get(
      '/accounts/:id',
      {
        schema: {
          tags,
          operationId: 'getAccount',
          summary: 'Read an account',
          params: idParams,
          response: { 200: account },
        },
      },
      async (request) => getAccount(prisma, callerOf(request).workspaceId, request.params.id),
    );

    app.patch(
      '/accounts/:id',
      {
        schema: {
          tags,
          operationId: 'updateAccount',
          summary: 'Pause or resume an account, renew its access token, or change its pace',
          description:
            'A new access token has to belong to the same account. It does not resume it: add the state.',
          params: idParams,
          body: changeBody,
          response: { 200: account, ...problems(409, 502) },
        },
      },
      async (request) =>
        changeAccount(prisma, deps, changeOf(request, deps), request.params.id, request.body),
    );

    app.delete(
      '/accounts/:id',
      {
        schema: {
          tags,
          operationId: 'disconnectAccount',
          summary: 'Disconnect an account',
          description:
            'Forgets its credentials. Its triggers and history stay, for when it is connected again.',
          params: idParams,
          response: { 204: z.undefined().describe('Disconnected, now or before') },
        },
      },
      async (request, reply) => {
        await disconnectAccount(prisma, changeOf(request, deps), request.params.id);
        return reply.code(204).send();
      },
    );
  };
}
