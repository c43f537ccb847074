import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify';
import type { z } from 'zod';
import { pointerOf, pointerToken } from '../json-pointer.ts';
import { andMore, type FieldError, Problem } from '../problem.ts';
import { phraseFor } from '../zod-phrases.ts';

/** What the schemas of a route have to say about a request. */
export interface ValidationFailure {
  /** body · querystring · params · headers */
  context: string;
  issues: readonly FastifySchemaValidationError[];
}

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
  return { keyword: code, instancePath: pointerOf(path), schemaPath: '', message, params };
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
