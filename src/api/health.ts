import type { FastifyPluginAsync } from 'fastify';

const checkTimeoutMs = 2_000;

/** Each resolves when its part answers. */
export type Checks = Readonly<Record<string, () => Promise<unknown>>>;

/**
 * `/healthz`: the process is alive; 503 when it answers and does no work any more, so that it is restarted. `/readyz`: it can also do its work; 503 with reasons when it cannot, and while it
 * shuts down.
 * @param options.required the checks without which the process can do nothing; the others are only reported
 * @param options.isClosing whether the process has been asked to stop
 * @param options.isAlive whether the process takes the work that waits for it
 */
export function healthRoutes(
  checks: Checks,
  options: { required: readonly string[]; isClosing: () => boolean; isAlive: () => boolean },
): FastifyPluginAsync {
  return async (app) => {
    app.get('/healthz', { schema: { hide: true } }, async (_request, reply) => {
      if (options.isAlive()) return { status: 'ok' };
      return reply.code(503).send({ status: 'jobs wait, and this process takes none' });
    });

    app.get('/readyz', { schema: { hide: true } }, async (_request, reply) => {
      const results = new Map(await Promise.all(Object.entries(checks).map(run)));
      const able = options.required.every((name) => results.get(name) === 'ok');
      const status = options.isClosing() ? 'closing' : able ? 'ready' : 'not ready';
      reply.code(status === 'ready' ? 200 : 503);
      return { status, checks: Object.fromEntries(results) };
    });
  };
}

async function run([name, check]: [string, Checks[string]]): Promise<[string, string]> {
  const tooLate = new Promise<string>((resolve) => {
    setTimeout(resolve, checkTimeoutMs, 'does not answer').unref();
  });
  const result = check().then(
    () => 'ok',
    () => 'cannot be reached',
  );
  return [name, await Promise.race([result, tooLate])];
}
