import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyServerOptions,
  LogController,
} from 'fastify';
import type { AppDeps } from './deps.ts';
import { answerError, handleProblems } from './problems.ts';
import { handleUnrouted } from './routing.ts';
import { refuseConnection } from './unreadable.ts';

const maxBodyBytes = 1024 * 1024;
/** How long a request may take to arrive, in milliseconds: a slow sender must not hold a socket for ever. */
const requestTimeoutMs = 30_000;

/** A worker answers health checks only. */
export function buildWorkerApp(logger: FastifyBaseLogger, health: FastifyPluginAsync): FastifyInstance {
  const app = bareApp(logger, 'This is a worker: the API is another process.');
  app.register(health);
  return app;
}

/** Nothing but problem documents so far. */
export function bareApp(logger: AppDeps['logger'], where: string): FastifyInstance {
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
