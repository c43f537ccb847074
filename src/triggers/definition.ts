import { z } from 'zod';
import { matchingIssues, mergeKeywords } from './definition-check.ts';
import { defaultRules, matchLanguages, matchModes } from './modes.ts';
import { doors } from './price.ts';
import { isTimeZone, weekdays } from './schedule.ts';
import { scopeIssues } from './scope-check.ts';

/** The most a template may hold before it is rendered. What comes out is checked against the platform's limits. */
export const maxTemplateLength = 4_000;

/** Postgres can store neither NUL nor half a surrogate pair in JSON. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

const storableText = z.string().refine(isStorable, 'contains a character that cannot be stored');

export const weightedTemplate = z.strictObject({
  text: storableText
    .trim()
    .min(1)
    .max(maxTemplateLength)
    .describe('Liquid template; of {Hi|Hey} one option is drawn for each message'),
  weight: z.int().min(1).max(1_000).default(1).describe('How often it is drawn, relative to the others'),
});

const keyword = storableText.trim().min(1, { abort: true }).max(100, { abort: true });

const mode = z
  .enum(matchModes)
  .describe(
    'How keywords are looked for. word: any of them, as whole words. phrase: the same, with nothing but spaces and hyphens between the words of a keyword. exact: the comment says one of them and nothing else. contains: any of them anywhere, also inside of a word. all: every one of them, in any order. any: every comment. emoji: any of these emoji, whatever their skin tone. hashtag: any of them with a hash before it',
  );

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

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 09:30');

const activeHours = z.strictObject({
  timeZone: z
    .string()
    .max(64)
    .refine(isTimeZone, 'is not a time zone that is known here; one is Europe/Amsterdam')
    .describe('By its IANA name'),
  days: z
    .array(z.enum(weekdays))
    .min(1)
    .max(7)
    .overwrite((given) => weekdays.filter((day) => given.includes(day)))
    .default([...weekdays]),
  from: clockTime,
  to: clockTime.describe('Where this is not later than `from`, the hours go on into the next day'),
});

/** The fields of a trigger’s definition, for those who add others. What they say together is checked by `matchesWell`. */
export const definitionFields = {
  mode: mode.default('word'),
  keywords: z
    .array(keyword)
    .max(50)
    .default([])
    .describe(
      'At least one, but for the mode any, which needs none. Case, accents, punctuation, repeated letters and emoji around a word do not matter; an emoji of the keyword does, and so do # % & + < = > @ and currency signs that touch a word, as in c++ or 10%. Mentions and links are not words of a comment. Keywords that match the same comments are merged',
    ),
  exclude: z
    .array(keyword)
    .max(50)
    .default([])
    .describe('Whole words, any of which keeps the trigger from firing'),
  typos: z
    .boolean()
    .default(false)
    .describe(
      'Whether words may be misspelt: one slip in words of five to eight letters, two in longer ones, none in shorter ones. For the modes word, phrase, exact and all',
    ),
  skipRefusals: z
    .boolean()
    .default(true)
    .describe(
      'Whether a comment that refuses its keyword is passed over, as “please don’t send me the guide”. It knows English, Dutch, German, French, Spanish and Portuguese',
    ),
  language: z
    .enum(matchLanguages)
    .nullable()
    .default(null)
    .describe(
      'Of the keywords, where that matters; null for any. tr and az: ı and i are different letters, else they are one. de: Einfuehrung is also Einführung. en, nl, de, fr, es and pt: only refusals in this language count',
    ),
  doors: z
    .array(z.enum(doors))
    .min(1)
    .max(2)
    .overwrite((given) => doors.filter((door) => given.includes(door)))
    .default([...doors])
    .describe(
      'Ways in. comment: a public comment, which readers pay with. private: a direct message with the keyword, which costs nothing; triggers for certain posts, and those of the mode any, have none',
    ),
  activeFrom: z.iso
    .datetime({ offset: true })
    .nullable()
    .default(null)
    .describe('What comes in before does not count; null for no beginning'),
  activeUntil: z.iso
    .datetime({ offset: true })
    .nullable()
    .default(null)
    .describe('What comes in from then on does not count'),
  activeHours: activeHours
    .nullable()
    .default(null)
    .describe('Only what comes in within these hours counts, by the clock on a wall; null for always'),
  maxDeliveries: z
    .int()
    .min(1)
    .max(10_000_000)
    .nullable()
    .default(null)
    .describe('How often it is given at most, to those who come first; null for no end'),
  includeReplies: z.boolean().default(false).describe('Whether replies to other comments count'),
  mediaIds: z
    .array(mediaId)
    .max(500)
    .overwrite((given) => [...new Set(given)])
    .default([])
    .describe('The posts on which it counts; empty for every post'),
  dmTemplates: z.array(weightedTemplate).min(1).max(20).describe('One is drawn for each private message'),
  publicReplies: z
    .array(weightedTemplate)
    .max(20)
    .default([])
    .describe('One is drawn and posted under the comment once the private message is out; empty for none'),
  frequency: frequency.default('once_per_trigger'),
};

/** Adds what is wrong with keywords and modes together, and leaves out keywords that match the same comments. */
export function matchesWell<Schema extends z.ZodType<MatchingFields>>(schema: Schema): Schema {
  return schema
    .superRefine((definition, context) => {
      for (const { path, message } of scopeIssues(definition)) {
        context.addIssue({ code: 'custom', path, message, input: definition });
      }
      for (const { path, message } of matchingIssues(definition)) {
        context.addIssue({ code: 'custom', path, message, input: definition });
      }
    })
    .overwrite((definition) => ({ ...definition, ...mergeKeywords(definition) }));
}

type MatchingFields = Parameters<typeof matchingIssues>[0] &
  Parameters<typeof mergeKeywords>[0] &
  Parameters<typeof scopeIssues>[0];

/** What a trigger listens for and what it answers; stored with each version. */
export const triggerDefinition = matchesWell(z.strictObject(definitionFields));

export type WeightedTemplate = z.infer<typeof weightedTemplate>;
export type TriggerDefinition = z.infer<typeof triggerDefinition>;

/** What a definition means that was stored before there was a choice. */
const defaultScope = {
  doors: ['comment'],
  activeFrom: null,
  activeUntil: null,
  activeHours: null,
  maxDeliveries: null,
  frequency: 'once_per_trigger',
} as const satisfies Partial<TriggerDefinition>;

const defaults = { ...defaultRules, ...defaultScope };

/** As it was stored: what is newer than the version is not in it. */
export type StoredDefinition = Omit<TriggerDefinition, keyof typeof defaults> &
  Partial<Pick<TriggerDefinition, keyof typeof defaults>>;

/** A stored definition with what it means by what it does not say. */
export function completed(definition: StoredDefinition): TriggerDefinition {
  return { ...defaults, ...definition } as TriggerDefinition;
}

/** A `draft` has never fired. */
export const triggerStates = ['draft', 'active', 'paused', 'archived'] as const;
export type TriggerState = (typeof triggerStates)[number];
