import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseOutage } from '../db/prisma-errors.ts';
import { Problem } from '../problem.ts';
import { type ValidationFailure, validationProblem } from './validation.ts';

export const problemType = 'application/problem+json';
const retryAfterSeconds = 5;

/** What the framework refuses by itself, in our words: its error code or else its status. */
const refusals: Readonly<Record<string, readonly [code: string, detail: string]>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['json_malformed', 'The body is not JSON. Check it with a JSON parser.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['json_malformed', 'The body is empty. Send a JSON object.'],
  FST_ERR_BAD_URL: ['url_malformed', 'The URL is not properly percent-encoded.'],
  404: ['route_not_found', 'There is nothing at this address. The routes are listed at /docs.'],
  408: ['request_timeout', 'The request took too long to arrive.'],
  413: ['body_too_large', 'The body is larger than this route takes.'],
  414: ['url_too_long', 'The URL is longer than this route takes.'],
  415: ['content_type_unsupported', 'Send the body as "Content-Type: application/json".'],
};

/** Every error of every route becomes a problem document (RFC 9457), here and nowhere else. */
export function handleProblems(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => answerError(error, request, reply));
}

/** Says what went wrong to the caller, in full only to the log. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error);
  if (problem.status >= 500) {
    // Of 502 and 503 the reason is outside; a stack would say nothing.
    const level = problem.status === 500 ? 'error' : 'warn';
    request.log[level]({ err: error, event: 'request_failed', code: problem.code });
  }
  if (problem.status === 503) reply.header('retry-after', retryAfterSeconds);
  return sendProblem(reply, problem);
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return (
    reply
      .code(problem.status)
      .type(problemType)
      // Not through the route's own response schemas: a problem is never in doubt.
      .serializer(JSON.stringify)
      .send(problemDocument(problem))
  );
}

export function problemDocument({ status, code, detail, field, errors }: Problem): Record<string, unknown> {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail, field, errors };
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const failure = validationFailure(error);
  if (failure) return validationProblem(failure);
  if (isDatabaseOutage(error)) {
    return new Problem(
      503,
      'database_unavailable',
      'The database cannot be asked right now. Try again shortly.',
    );
  }
  return (
    refusal(error) ?? new Problem(500, 'internal_error', 'Something went wrong here. It has been logged.')
  );
}

function validationFailure(error: unknown): ValidationFailure | null {
  const { validation, validationContext } = (error ?? {}) as Partial<FastifyError>;
  return validation ? { context: validationContext ?? 'body', issues: validation } : null;
}

/** What the framework or a plugin refused with a client error. Its own words may quote the request: ours are used. */
function refusal(error: unknown): Problem | null {
  const { statusCode: status, code = '' } = (error ?? {}) as Partial<FastifyError>;
  if (status === undefined || status < 400 || status > 499) return null;
  const [known, detail] = refusals[code] ??
    refusals[status] ?? ['request_refused', 'The request is not acceptable.'];
  return new Problem(status, known, detail);
}
