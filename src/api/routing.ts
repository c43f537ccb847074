import type { FastifyInstance } from 'fastify';
import { Problem } from '../problem.ts';
import { sendProblem } from './problems.ts';

/**
 * Answers what no route answers: 405 with `Allow` where the address exists under other methods, 404 otherwise. Has to
 * come before the routes, because it takes note of each.
 * @param where says where there is something
 */
export function handleUnrouted(app: FastifyInstance, where: string): void {
  const methodsByPattern = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = methodsByPattern.get(url) ?? new Set();
    for (const each of [method].flat()) methods.add(each);
    methodsByPattern.set(url, methods);
  });
  app.setNotFoundHandler((request, reply) => {
    const [path = '/'] = request.url.split('?');
    const allowed = new Set<string>();
    for (const [pattern, methods] of methodsByPattern) {
      if (fits(path, pattern)) for (const method of methods) allowed.add(method);
    }
    if (allowed.size === 0) {
      return sendProblem(
        reply,
        new Problem(404, 'route_not_found', `There is nothing at this address. ${where}`),
      );
    }
    const list = [...allowed].sort().join(', ');
    reply.header('allow', list);
    return sendProblem(
      reply,
      new Problem(405, 'method_not_allowed', `This address takes other methods: ${list}.`),
    );
  });
}

/** Whether a path fits a route's pattern, as far as our patterns go: fixed segments, `:name`, and `*` at the end. */
function fits(path: string, pattern: string): boolean {
  const given = path.split('/');
  const wanted = pattern.split('/');
  if (wanted.at(-1) === '*') return wanted.slice(0, -1).every((segment, i) => fitsSegment(given[i], segment));
  return given.length === wanted.length && wanted.every((segment, i) => fitsSegment(given[i], segment));
}

function fitsSegment(given: string | undefined, wanted: string): boolean {
  return given !== undefined && (wanted.startsWith(':') ? given !== '' : given === wanted);
}
