import { z } from 'zod';
import { givenState, name, priority } from '../catalog/fields.ts';
import { triggerDefinition, triggerStates } from '../triggers/definition.ts';
import { id, timestamp } from './schemas.ts';

const { keywords, includeReplies, mediaIds, dmTemplates, publicReplies, frequency } = triggerDefinition.shape;

export const createTriggerBody = z.strictObject({
  accountId: id,
  resourceId: id.describe('What it gives'),
  name,
  priority: priority.default(0),
  state: givenState.default('active'),
  ...triggerDefinition.shape,
});

// Without the defaults: what a change leaves out stays as it is.
export const changeTriggerBody = z.strictObject({
  resourceId: id.optional(),
  name: name.optional(),
  priority: priority.optional(),
  state: givenState.optional(),
  keywords: keywords.optional(),
  includeReplies: includeReplies.unwrap().optional(),
  mediaIds: mediaIds.unwrap().optional(),
  dmTemplates: dmTemplates.optional(),
  publicReplies: publicReplies.unwrap().optional(),
  frequency: frequency.unwrap().optional(),
});

const template = z.object({ text: z.string(), weight: z.int().min(1) });

// As stored, so without the limits for what comes in: these may change, versions do not.
const settings = {
  resourceId: id,
  name: z.string(),
  state: z.enum(triggerStates),
  priority: z.int(),
  keywords: z.array(z.string()),
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
    asks: z
      .array(z.enum(['comment']))
      .describe('What a reader gives for the resource: its length is the price'),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'Trigger' });

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
