import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { priority } from '../../catalog/fields.ts';
import { rehearse } from '../../catalog/rehearsal.ts';
import { testTriggers } from '../../catalog/trigger-test.ts';
import type { WorkspaceId } from '../../ids.ts';
import { eventReasons } from '../../intake/reasons.ts';
import { Problem } from '../../problem.ts';
import { messageKinds } from '../../records/deliveries.ts';
import { eventOutcomes } from '../../records/events.ts';
import { definitionFields, matchesWell } from '../../triggers/definition.ts';
import { doors } from '../../triggers/price.ts';
import { callerOf } from '../auth.ts';
import type { RouteDeps } from '../deps.ts';
import { count, id, idParams, name, problems, timestamp, wordOf } from '../schemas.ts';
import { changeTriggerBody } from '../trigger-schemas.ts';
import { explainedTrigger, withNulls } from './events.ts';

const tags = ['triggers'];

const testBody = z
  .strictObject({
    text: z.string().max(10_000).describe('What somebody could comment'),
    door: z.enum(doors).default('comment').describe('private: somebody writes it as a direct message'),
    at: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('When, for triggers with dates or hours; left out, now'),
    isReply: z.boolean().default(false).describe('Whether it replies to another comment'),
    mediaId: z.string().min(1).max(100).nullable().default(null).describe('Under which post'),
    username: z.string().min(1).max(100).nullable().default('reader').describe('Who would comment'),
    accountId: id.optional().describe('Asks all triggers of this account'),
    includeDrafts: z.boolean().default(false).describe('Asks drafts as if they were active'),
    trigger: matchesWell(
      z.strictObject({
        id: id.optional().describe('Of the account’s trigger that it stands in for'),
        resourceId: id.optional().describe('Left out, there is a sample'),
        name: name.default('The trigger under test'),
        priority: priority.default(0),
        ...definitionFields,
      }),
    )
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

const maxComments = 50_000;

/** Postgres knows no year 0. */
const pastOrFuture = timestamp.regex(/^(?!0000)/, 'must be in the year 1 or later');

const rehearseBody = z.strictObject({
  from: pastOrFuture.optional().describe('Comments received at or after'),
  to: pastOrFuture.optional().describe('Comments received before'),
  last: z.int().min(1).max(maxComments).default(10_000).describe('The most comments, the newest first'),
  samples: z.int().min(0).max(50).default(10).describe('The most samples of each kind'),
  change: changeTriggerBody
    .omit({ state: true })
    .default({})
    .describe('Rehearses the trigger as it would be after this change, which is not saved'),
});

const sample = z.object({
  eventId: id,
  receivedAt: timestamp,
  username: z.string().nullable(),
  text: z.string().describe('Its beginning, where it is long'),
  reason: explainedTrigger.shape.verdict,
  sentence: z.string(),
});
const triggerCounts = z
  .array(z.object({ triggerId: id, name: z.string(), count }))
  .describe('The highest count first');

const rehearsal = z
  .object({
    triggerId: id,
    version: z.int().min(1).describe('Which was rehearsed, or the change was applied to'),
    window: z.object({
      comments: count.describe('Those that triggers were asked about, so without the account’s own'),
      oldestAt: timestamp.nullable(),
      newestAt: timestamp.nullable(),
      more: z.boolean().describe('There may be older ones in the window that were not read'),
    }),
    hits: z.object({
      total: count,
      won: count.describe('It would have answered, the frequency aside'),
      outrankedBy: triggerCounts.describe('Active triggers that come first'),
      takenFrom: triggerCounts.describe('Active triggers that would answer without it'),
      samples: z.array(sample),
    }),
    nearMisses: z.object({
      total: count.describe('A keyword is there, and something else keeps it from firing'),
      byReason: z.record(z.string(), count),
      samples: z.array(sample),
    }),
    misses: z.object({ total: count, samples: z.array(sample) }),
    deliveries: z.object({
      total: count,
      repeats: count.describe('Won, but the frequency would have left them out'),
    }),
    people: z.object({
      total: count,
      servedTwice: z.object({
        total: count.describe('The frequency would have let them be served more than once'),
        samples: z.array(
          z.object({ externalId: z.string(), username: z.string().nullable(), times: z.int().min(2) }),
        ),
      }),
      servedBefore: z
        .object({
          byThis: count,
          byOthers: triggerCounts.describe('Each with the people it served'),
          sameResource: count.describe('They have what it gives'),
        })
        .describe('People who have a delivery already, delivered or waiting, whenever it was'),
    }),
    backlog: z
      .object({
        answered: count.describe('Deliveries for comments that have their answer'),
        servedAlready: count.describe(
          'Deliveries for people whom this trigger has served as often as it may',
        ),
        messages: count.describe('What is left'),
        inTime: count.describe('Of these, comments that the platform would still take an answer to'),
        lanes: z
          .array(
            z.object({
              kind: z.enum(messageKinds),
              perHour: count,
              burst: count,
              messages: count,
              lastAt: timestamp.nullable(),
              seconds: count,
            }),
          )
          .describe('When all would be out at the account’s pace, behind what waits already'),
      })
      .describe('Were all of them wanted now'),
  })
  .meta({ id: 'Rehearsal' });

/** What triggers would do, without doing it. */
export function triggerTrialRoutes(deps: RouteDeps): FastifyPluginAsyncZod {
  const { prisma, platforms } = deps;
  /** A rehearsal reads a lot: one at a time for each workspace. */
  const rehearsing = new Set<WorkspaceId>();
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
        const result = await testTriggers(prisma, platforms, callerOf(request).workspaceId, {
          ...request.body,
          at: request.body.at === undefined ? deps.now() : new Date(request.body.at),
        });
        return { ...result, triggers: result.triggers.map(withNulls) };
      },
    );

    app.post(
      '/triggers/:id/rehearse',
      {
        schema: {
          tags,
          operationId: 'rehearseTrigger',
          summary: 'Rehearse a trigger over the comments of the past',
          description: `Asks it about stored comments, up to ${maxComments.toLocaleString('en-US')} of them, as if it had been active beside the triggers that are active now; a draft, a paused one, or an active one after a change. Says what it would have hit and missed, and why; who would be served twice; and how long the backlog would take. Nothing is written or sent. One at a time for each workspace.`,
          params: idParams,
          body: rehearseBody,
          response: { 200: rehearsal, ...problems(409) },
        },
      },
      async (request) => {
        const { workspaceId } = callerOf(request);
        if (rehearsing.has(workspaceId)) {
          throw new Problem(
            409,
            'rehearsal_running',
            'Another rehearsal of this workspace is running. Wait until it has answered.',
          );
        }
        const { from, to, ...asked } = request.body;
        rehearsing.add(workspaceId);
        try {
          const { window, ...found } = await rehearse(
            prisma,
            platforms,
            { workspaceId, id: request.params.id, now: deps.now() },
            { ...asked, from: dateOf(from), to: dateOf(to) },
          );
          const oldestAt = window.oldestAt?.toISOString() ?? null;
          const newestAt = window.newestAt?.toISOString() ?? null;
          return { ...found, window: { ...window, oldestAt, newestAt } };
        } finally {
          rehearsing.delete(workspaceId);
        }
      },
    );
  };
}

function dateOf(text: string | undefined): Date | null {
  return text === undefined ? null : new Date(text);
}
