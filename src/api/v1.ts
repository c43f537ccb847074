import { isDeepStrictEqual } from 'node:util';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { Problem } from '../problem.ts';
import { requireKey } from './auth.ts';
import type { RouteDeps } from './deps.ts';
import { describeKeyedRoute } from './openapi.ts';
import { accountRoutes } from './routes/accounts.ts';
import { alertRoutes } from './routes/alerts.ts';
import { backfillRoutes } from './routes/backfills.ts';
import { contactRoutes } from './routes/contacts.ts';
import { deliveryRoutes } from './routes/deliveries.ts';
import { eventRoutes } from './routes/events.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { replayRoutes } from './routes/replays.ts';
import { resourceRoutes } from './routes/resources.ts';
import { statsRoutes } from './routes/stats.ts';
import { triggerTrialRoutes } from './routes/trigger-trials.ts';
import { triggerRoutes } from './routes/triggers.ts';
import { workspaceRoutes } from './routes/workspace.ts';
import { refuseUnstorable } from './storable.ts';
import { validate } from './validation.ts';

/** Everything under `/v1`: behind an API key, JSON in and JSON out. */
export function restApi(deps: RouteDeps): FastifyPluginAsync {
  return async (app) => {
    acceptJsonOnly(app);
    app.setValidatorCompiler(validate);
    app.addHook('onRoute', describeKeyedRoute);
    app.addHook('onRequest', requireKey(deps.prisma));
    app.addHook('preValidation', refuseUnstorable);
    app.addHook('preValidation', async ({ body, routeOptions }) => {
      if (isNothing(body) || routeOptions.schema?.body) return;
      throw new Problem(422, 'body_not_expected', 'This route takes no body. Send the request without one.');
    });
    app.addHook('onResponse', async ({ log, method, routeOptions, caller }, reply) => {
      const durationMs = Math.round(reply.elapsedTime);
      const { url: route } = routeOptions;
      log.info({ event: 'rest', method, route, status: reply.statusCode, durationMs, keyId: caller?.keyId });
    });
    for (const routes of [
      accountRoutes,
      resourceRoutes,
      triggerRoutes,
      triggerTrialRoutes,
      eventRoutes,
      deliveryRoutes,
      replayRoutes,
      backfillRoutes,
      alertRoutes,
      contactRoutes,
      ledgerRoutes,
      statsRoutes,
      workspaceRoutes,
    ]) {
      await app.register(routes(deps));
    }
  };
}

/** An empty object says no more than no body, and many clients send one with every POST. */
function isNothing(body: unknown): boolean {
  return body === undefined || isDeepStrictEqual(body, {});
}

/** No body at all passes as JSON too: many clients name a content type on every request. */
function acceptJsonOnly(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain');
  const parse = app.getDefaultJsonParser('error', 'error');
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    let text: string;
    try {
      text = utf8.decode(body as Buffer);
    } catch {
      done(new Problem(400, 'json_malformed', 'The body is not UTF-8.'));
      return;
    }
    parse(request, text, (error, value) => done(error && parseProblem(error, text), value));
  });
}

/** What the parser refuses is not always malformed: it takes no name that could change what an object is. */
function parseProblem(error: Error, text: string): Error {
  try {
    JSON.parse(text);
  } catch {
    return error;
  }
  return new Problem(
    422,
    'body_invalid',
    'The body has a field "__proto__" or "constructor", which is not known here. Leave it out.',
  );
}
