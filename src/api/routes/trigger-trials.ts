import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { testTriggers } from '../../catalog/trigger-test.ts';
import { eventReasons } from '../../intake/reasons.ts';
import { eventOutcomes } from '../../records/events.ts';
import { triggerDefinition } from '../../triggers/definition.ts';
import { callerOf } from '../auth.ts';
import type { RouteDeps } from '../deps.ts';
import { count, id, name, wordOf } from '../schemas.ts';
import { createTriggerBody } from '../trigger-schemas.ts';
import { explainedTrigger, withNulls } from './events.ts';

const tags = ['triggers'];

const testBody = z
  .strictObject({
    text: z.string().max(10_000).describe('What somebody could comment'),
    isReply: z.boolean().default(false).describe('Whether it replies to another comment'),
    mediaId: z.string().min(1).max(100).nullable().default(null).describe('Under which post'),
    username: z.string().min(1).max(100).nullable().default('reader').describe('Who would comment'),
    accountId: id.optional().describe('Asks all triggers of this account'),
    includeDrafts: z.boolean().default(false).describe('Asks drafts as if they were active'),
    trigger: z
      .strictObject({
        id: id.optional().describe('Of the account’s trigger that it stands in for'),
        resourceId: id.optional().describe('Left out, there is a sample'),
        name: name.default('The trigger under test'),
        priority: createTriggerBody.shape.priority,
        ...triggerDefinition.shape,
      })
      .optional()
      .describe('A trigger that is not saved, asked beside those of the account'),
  })
  .refine(({ accountId, trigger }) => accountId !== undefined || trigger !== undefined, {
    error: 'needs an accountId, a trigger, or both',
  });

const rendered = z.object({
  variant: count,
  weight: z.int().min(1),
  text: z.string().nullable(),
  problem: z.string().nullable().describe('Why it would not do'),
});

const triggerTest = z
  .object({
    outcome: z.enum(eventOutcomes),
    reason: wordOf(eventReasons),
    summary: z.string().describe('One sentence'),
    triggers: z
      .array(
        explainedTrigger.extend({
          triggerId: id.nullable().describe('null for one that is not saved'),
          version: z.int().min(1).nullable(),
        }),
      )
      .describe('In the order in which they are asked'),
    answer: z
      .object({
        triggerId: id.nullable(),
        privateReplies: z.array(rendered).describe('One of them would be drawn'),
        publicReplies: z.array(rendered),
      })
      .nullable()
      .describe('Of the trigger that would fire'),
  })
  .meta({ id: 'TriggerTest' });

/** What triggers would do, without doing it. */
export function triggerTrialRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  const { prisma, platforms } = deps;
  return async (app) => {
    app.post(
      '/triggers/test',
      {
        schema: {
          tags,
          operationId: 'testTriggers',
          summary: 'Say what would happen to a comment',
          description:
            'Asks the triggers of an account, one that is not saved, or both together, and shows every text that the answer could have. Nothing is written or sent. How often this person was served before is not looked at.',
          body: testBody,
          response: { 200: triggerTest },
        },
      },
      async (request) => {
        const result = await testTriggers(prisma, platforms, callerOf(request).workspaceId, request.body);
        return { ...result, triggers: result.triggers.map(withNulls) };
      },
    );
  };
}
