import type { FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { bareApp } from './bare-app.ts';
import type { AppDeps } from './deps.ts';
import { describeApi } from './openapi.ts';
import { restApi } from './v1.ts';

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
