import type { z } from 'zod';

type Issue = z.core.$ZodRawIssue;

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  // All numbers of ours are.
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

/** For zod's `error`: what is wrong, in our words, as a phrase that follows the field's name. */
export function phraseFor(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is missing';
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return issue.input === undefined ? 'is missing' : oneOf(issue.values);
    case 'invalid_union':
      return phraseForUnion(issue);
    case 'too_small':
      return phraseForSmall(issue.origin, Number(issue.minimum));
    case 'too_big':
      return phraseForBig(issue.origin, Number(issue.maximum));
    case 'invalid_format':
      return issue.format === 'uuid' ? 'must be an id, a UUID' : 'is not well-formed';
    case 'unrecognized_keys':
      return 'is not known here';
    default:
      return 'is not acceptable';
  }
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(', ')}`;
}

/** Of the unions of ours, each is told apart by one field, to which the issue belongs. */
function phraseForUnion(issue: Issue): string {
  const { discriminator, options, input } = issue as {
    discriminator?: string;
    options?: unknown;
    input?: unknown;
  };
  if (discriminator === undefined) return 'is not acceptable';
  if ((input as Record<string, unknown> | null)?.[discriminator] === undefined) return 'is missing';
  return oneOf(Array.isArray(options) ? options : []);
}

function phraseForSmall(origin: string, minimum: number): string {
  if (origin !== 'string' && origin !== 'array') return `must be at least ${minimum}`;
  if (minimum === 1) return 'must not be empty';
  return `must have at least ${minimum} ${origin === 'string' ? 'characters' : 'entries'}`;
}

function phraseForBig(origin: string, maximum: number): string {
  if (origin === 'string') return `must have at most ${maximum} characters`;
  if (origin === 'array') return `must have at most ${maximum} ${maximum === 1 ? 'entry' : 'entries'}`;
  return `must be at most ${maximum}`;
}
