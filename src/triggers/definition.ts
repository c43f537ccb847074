import { z } from 'zod';
import { keywordProblem, mergeSameKeywords } from './keyword.ts';

/** The most a template may hold before it is rendered. What comes out is checked against the platform's limits. */
export const maxTemplateLength = 4_000;

/** Postgres can store neither NUL nor half a surrogate pair in JSON. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

const storableText = z.string().refine(isStorable, 'contains a character that cannot be stored');

export const weightedTemplate = z.strictObject({
  text: storableText.trim().min(1).max(maxTemplateLength).describe('Liquid template'),
  weight: z.int().min(1).max(1_000).default(1).describe('How often it is drawn, relative to the others'),
});

const keyword = storableText
  .trim()
  .min(1, { abort: true })
  .max(100, { abort: true })
  .refine((text) => keywordProblem(text) === null, {
    error: ({ input }) => keywordProblem(String(input)) ?? undefined,
  });

const mediaId = storableText
  .min(1)
  .max(100)
  .regex(/^[^/\s]*$/, 'must be the id of a post, as the platform’s API gives it, not a link to it');

/** How often one contact is served by one trigger. */
const frequency = z
  .union([
    z.enum(['once_per_trigger', 'once_per_post', 'unlimited']),
    z.strictObject({ everyDays: z.int().min(1).max(365) }),
  ])
  .describe(
    'How often one person gets it: once, once under each post, again after some days, or for every comment. What failed or expired does not count',
  );
export type Frequency = z.infer<typeof frequency>;

/** What a trigger listens for and what it answers; stored with each version. */
export const triggerDefinition = z.strictObject({
  keywords: z
    .array(keyword)
    .min(1)
    .max(50)
    .overwrite(mergeSameKeywords)
    .describe(
      'Any of these, as whole words, fires the trigger; those that match the same comments are merged. Case, accents and punctuation do not matter; an emoji does, and so do # % & + < = > @ and currency signs that touch a word, as in c++ or 10%',
    ),
  includeReplies: z.boolean().default(false).describe('Whether replies to other comments count'),
  mediaIds: z
    .array(mediaId)
    .max(500)
    .default([])
    .describe('The posts on which it counts; empty for every post'),
  dmTemplates: z.array(weightedTemplate).min(1).max(20).describe('One is drawn for each private message'),
  publicReplies: z
    .array(weightedTemplate)
    .max(20)
    .default([])
    .describe('One is drawn and posted under the comment once the private message is out; empty for none'),
  frequency: frequency.default('once_per_trigger'),
});

export type WeightedTemplate = z.infer<typeof weightedTemplate>;
export type TriggerDefinition = z.infer<typeof triggerDefinition>;

/** A `draft` has never fired. */
export const triggerStates = ['draft', 'active', 'paused', 'archived'] as const;
export type TriggerState = (typeof triggerStates)[number];
