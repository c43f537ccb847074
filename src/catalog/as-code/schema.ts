import { z } from 'zod';
import { triggerDefinition } from '../../triggers/definition.ts';
import { phraseFor } from '../../zod-phrases.ts';
import { givenState, name, priority, resourceText, resourceUrl } from '../fields.ts';

/** The most resources, and the most triggers, of one file: all of it is one transaction. */
const maxEntries = 500;

const account = z
  .strictObject({
    platform: z.string().min(1).max(50),
    username: z.string().min(1).max(200).optional(),
    id: z.string().min(1).max(200).optional(),
  })
  .refine(({ username, id }) => username !== undefined || id !== undefined, {
    error: 'needs the username of the account, or its id on the platform',
  });

const resource = z.discriminatedUnion('kind', [
  z.strictObject({ name, kind: z.literal('link'), url: resourceUrl }),
  z.strictObject({ name, kind: z.literal('text'), text: resourceText }),
]);

const trigger = z.strictObject({
  name,
  resource: name,
  state: givenState.default('active'),
  priority: priority.default(0),
  ...triggerDefinition.shape,
});

export const triggersFile = z
  .strictObject({
    version: z.literal(1),
    account,
    resources: z.array(resource).max(maxEntries).default([]),
    triggers: z.array(trigger).max(maxEntries).default([]),
  })
  .superRefine((file, context) => {
    for (const list of ['resources', 'triggers'] as const) {
      const seen = new Set<string>();
      for (const [index, entry] of file[list].entries()) {
        if (seen.has(entry.name)) {
          context.addIssue({
            code: 'custom',
            path: [list, index, 'name'],
            message: `is the name of another one of the ${list} as well: each needs its own`,
          });
        }
        seen.add(entry.name);
      }
    }
    // What fields have to say about each other.
    for (const [
      index,
      { name: _name, resource: _resource, state: _state, priority: _priority, ...definition },
    ] of file.triggers.entries()) {
      for (const issue of triggerDefinition.safeParse(definition, { error: phraseFor }).error?.issues ?? []) {
        context.addIssue({
          code: 'custom',
          path: ['triggers', index, ...issue.path],
          message: issue.message,
        });
      }
    }
  });

export type TriggersFile = z.infer<typeof triggersFile>;
export type FileTrigger = TriggersFile['triggers'][number];
export type FileResource = TriggersFile['resources'][number];
