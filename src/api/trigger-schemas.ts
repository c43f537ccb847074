import { z } from 'zod';
import { givenState, name, priority } from '../catalog/fields.ts';
import { definitionFields, matchesWell, triggerStates } from '../triggers/definition.ts';
import { matchLanguages, matchModes } from '../triggers/modes.ts';
import { doors, payments } from '../triggers/price.ts';
import { weekdays } from '../triggers/schedule.ts';
import { count, id, timestamp } from './schemas.ts';

export const createTriggerBody = matchesWell(
  z.strictObject({
    accountId: id,
    resourceId: id.describe('What it gives'),
    name,
    priority: priority.default(0),
    state: givenState.default('active'),
    ...definitionFields,
  }),
);

const { dmTemplates, frequency } = definitionFields;

// Without the defaults: what a change leaves out stays as it is. What comes out is checked as a whole.
export const changeTriggerBody = z.strictObject({
  resourceId: id.optional(),
  name: name.optional(),
  priority: priority.optional(),
  state: givenState.optional(),
  mode: definitionFields.mode.unwrap().optional(),
  keywords: definitionFields.keywords.unwrap().optional(),
  exclude: definitionFields.exclude.unwrap().optional(),
  typos: definitionFields.typos.unwrap().optional(),
  skipRefusals: definitionFields.skipRefusals.unwrap().optional(),
  language: definitionFields.language.unwrap().optional(),
  doors: definitionFields.doors.unwrap().optional(),
  activeFrom: definitionFields.activeFrom.unwrap().optional(),
  activeUntil: definitionFields.activeUntil.unwrap().optional(),
  activeHours: definitionFields.activeHours.unwrap().optional(),
  maxDeliveries: definitionFields.maxDeliveries.unwrap().optional(),
  includeReplies: definitionFields.includeReplies.unwrap().optional(),
  mediaIds: definitionFields.mediaIds.unwrap().optional(),
  dmTemplates: dmTemplates.optional(),
  publicReplies: definitionFields.publicReplies.unwrap().optional(),
  frequency: frequency.unwrap().optional(),
});

const template = z.object({ text: z.string(), weight: z.int().min(1) });

// As stored, so without the limits for what comes in: these may change, versions do not.
const settings = {
  resourceId: id,
  name: z.string(),
  state: z.enum(triggerStates),
  priority: z.int(),
  mode: z.enum(matchModes),
  keywords: z.array(z.string()),
  exclude: z.array(z.string()),
  typos: z.boolean(),
  skipRefusals: z.boolean(),
  language: z.enum(matchLanguages).nullable(),
  doors: z.array(z.enum(doors)),
  activeFrom: z.string().nullable(),
  activeUntil: z.string().nullable(),
  activeHours: z
    .object({ timeZone: z.string(), days: z.array(z.enum(weekdays)), from: z.string(), to: z.string() })
    .nullable(),
  maxDeliveries: z.int().nullable(),
  includeReplies: z.boolean(),
  mediaIds: z.array(z.string()),
  dmTemplates: z.array(template),
  publicReplies: z.array(template),
  frequency: frequency.unwrap(),
};

export const trigger = z
  .object({
    id,
    accountId: id,
    ...settings,
    version: z.int().min(1).describe('The version in force'),
    price: z
      .array(z.object({ door: z.enum(doors), payments: z.array(z.enum(payments)) }))
      .describe('What a reader gives for the resource at each door: how many payments is the price'),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'Trigger' });

export const savedTrigger = trigger
  .extend({
    collisions: z
      .array(
        z.object({
          triggerId: id,
          name: z.string(),
          text: z.string().describe('What somebody could say for both to match'),
          wins: z.boolean().describe('Whether the trigger that was saved would answer'),
        }),
      )
      .describe(
        'Active triggers of the account that the same comment could fire, at most 20: one comment gets one answer. Not looked for in accounts with more than 2,000 triggers',
      ),
  })
  .meta({ id: 'SavedTrigger' });

export const triggerVersion = z
  .object({
    triggerId: id,
    version: z.int().min(1),
    revision: z
      .int()
      .min(1)
      .describe(
        'Counts the changes to the account’s triggers: an event with a `triggerRevision` of this or higher met this version or a later one',
      ),
    ...settings,
    createdAt: timestamp,
    createdById: id.nullable().describe('The API key that made the change; null for the command line'),
    createdByName: z.string().nullable().describe('What that key is called'),
    changes: z
      .array(
        z.object({
          field: z.string().describe('A JSON pointer into the settings'),
          before: z.unknown().describe('null where it said nothing'),
          after: z.unknown(),
        }),
      )
      .describe('Against the version before; empty in the first'),
  })
  .meta({ id: 'TriggerVersion' });

const share = z.number().min(0).max(1);
const outcome = z.object({
  count,
  share: share.nullable().describe('null while nothing was sent'),
  interval: z.object({ low: share, high: share }),
});

export const variantResults = z
  .object({
    considered: count.describe('Messages that were looked at'),
    variants: z
      .array(
        z.object({
          text: z.string().describe('The template, as it was written'),
          current: z.boolean().describe('The version in force draws it'),
          sent: count,
          opened: outcome.describe('The platform said that the person has read it'),
          thanked: outcome.describe('The person reacted to it'),
          answered: outcome.describe('The person wrote something after it'),
        }),
      )
      .describe('The most sent first'),
    ahead: z
      .object({
        opened: z.string().nullable(),
        thanked: z.string().nullable(),
        answered: z.string().nullable(),
      })
      .describe('The text that does better than every other for certain; null as long as none does'),
  })
  .meta({ id: 'TriggerVariants' });
