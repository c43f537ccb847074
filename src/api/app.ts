import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyServerOptions,
  LogController,
} from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { AppDeps } from './deps.ts';
import { describeApi } from './openapi.ts';
import { answerError, handleProblems } from './problems.ts';
import { handleUnrouted } from './routing.ts';
import { refuseConnection } from './unreadable.ts';
import { restApi } from './v1.ts';

const maxBodyBytes = 1024 * 1024;
/** How long a request may take to arrive, in milliseconds: a slow sender must not hold a socket for ever. */
const requestTimeoutMs = 30_000;

/** The HTTP side of Fairdrop. It does not listen yet. */
export function buildApp(deps: AppDeps): FastifyInstance {
  const app = bareApp(deps.logger, 'The routes are listed at /docs.');
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest('caller', null);
  describeApi(app, deps.publicUrl);
  app.register(restApi({ ...deps, now: deps.now ?? (() => new Date()) }), { prefix: '/v1' });
  for (const plugin of deps.plugins ?? []) app.register(plugin);
  return app;
}

/** A worker answers health checks only. */
export function buildWorkerApp(logger: FastifyBaseLogger, health: FastifyPluginAsync): FastifyInstance {
  const app = bareApp(logger, 'This is a worker: the API is another process.');
  app.register(health);
  return app;
}

/** Nothing but problem documents so far. */
function bareApp(logger: AppDeps['logger'], where: string): FastifyInstance {
  const app = Fastify({
    ...loggerOption(logger),
    // Routes log for themselves: these lines would hold whole URLs, and a platform's handshake has its token there.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    frameworkErrors: (error, request, reply) => answerError(error, request, reply),
    clientErrorHandler: refuseConnection,
  });
  handleProblems(app);
  handleUnrouted(app, where);
  return app;
}

function loggerOption(logger: AppDeps['logger']): Pick<FastifyServerOptions, 'logger' | 'loggerInstance'> {
  return typeof logger === 'object' ? { loggerInstance: logger } : { logger: logger ?? false };
}
