import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify';
import type { z } from 'zod';
import { andMore, type FieldError, Problem } from '../problem.ts';

/** What the schemas of a route have to say about a request. */
export interface ValidationFailure {
  /** body · querystring · params · headers */
  context: string;
  issues: readonly FastifySchemaValidationError[];
}

type Issue = z.core.$ZodRawIssue;

/** Parses with the schema of a route, and says what is wrong in our words wherever the schema has none of its own. */
export const validate: FastifySchemaCompiler<z.ZodType> = ({ schema }) => {
  return (data: unknown) => {
    const result = schema.safeParse(data, { error: phraseFor });
    return result.success ? { value: result.data } : { error: toFailures(result.error.issues) };
  };
};

/** What is beyond all whole numbers is beyond the bound of its field as well: of the same complaints the last says more. */
function toFailures(issues: readonly z.core.$ZodIssue[]): FastifySchemaValidationError[] {
  const failures = issues.map(toFailure);
  return [...new Map(failures.map((each) => [`${each.instancePath} ${each.keyword}`, each])).values()];
}

function toFailure({ path, code, message, ...params }: z.core.$ZodIssue): FastifySchemaValidationError {
  const instancePath = path.map((part) => `/${pointerToken(String(part))}`).join('');
  return { keyword: code, instancePath, schemaPath: '', message, params };
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  // All numbers of ours are.
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

/** What is wrong, as a phrase that follows the field's name. */
function phraseFor(issue: Issue): string {
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

/**
 * An id in a path that is no id names nothing: 404. A query or header that cannot be understood: 400. A body that is
 * JSON but not what the route takes: 422.
 */
export function validationProblem({ context, issues }: ValidationFailure): Problem {
  if (context === 'params') {
    return new Problem(
      404,
      'not_found',
      'This is not an id: nothing in your workspace has it. Check the id.',
    );
  }
  const errors = issues.flatMap((issue) => fieldErrors(issue, context));
  const first = errors[0] ?? { field: '', message: 'is not what this route takes' };
  const where = first.field === '' ? 'The body' : first.field;
  // Some schemas say a whole sentence about the value, the others go on from the name of the field.
  const joint = /^\p{Ll}/u.test(first.message) ? ' ' : ': ';
  const detail = `${where}${joint}${first.message}${andMore(errors)}.`;
  return context === 'body'
    ? new Problem(422, 'body_invalid', detail, { errors })
    : new Problem(400, context === 'headers' ? 'header_invalid' : 'query_invalid', detail, { errors });
}

function fieldErrors(issue: FastifySchemaValidationError, context: string): FieldError[] {
  const path = issue.instancePath;
  const unknown = (issue.params as { keys?: unknown }).keys;
  const message = issue.message ?? 'is not acceptable';
  if (issue.keyword === 'unrecognized_keys' && Array.isArray(unknown)) {
    return unknown.map((key) => ({
      field: name(`${path}/${pointerToken(String(key).slice(0, 100))}`, context),
      message,
    }));
  }
  return [{ field: name(path, context), message }];
}

/** Bodies are pointed into (RFC 6901); queries and headers are flat, so their names will do. */
function name(path: string, context: string): string {
  return context === 'body' ? path : path.slice(1);
}

export function pointerToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
