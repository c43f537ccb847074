import { readFileSync } from 'node:fs';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';
import { finishDocument } from './openapi-document.ts';
import { problemCodes, problems } from './schemas.ts';

const description = `
Comment-to-DM automation, self-hosted. Connect an **account**, store a **resource**, and let a **trigger** give it to
everybody who comments one of its keywords. Every **event** that a platform reports can be explained, every
**delivery** followed.

**Authentication.** \`Authorization: Bearer fd_…\`. A key belongs to one workspace and sees nothing else: what belongs
to another workspace is 404, like what does not exist. Scopes: \`read\` for GET, \`write\` for everything else,
\`operate\` for what concerns the whole installation.

**Lists** are newest first: \`{ data, nextCursor }\`. Give \`nextCursor\` as \`cursor\` until it is null; nothing is
skipped or repeated, whatever is added meanwhile.

**Creating twice.** With an \`Idempotency-Key\` a creation may be repeated for 24 hours: the same request gets the first
answer again, with \`Idempotency-Replayed: true\`; another request under the same key is refused. Refusals are not kept.

**Errors** are problem documents (RFC 9457) with a stable \`code\`. An unknown field or parameter is an error. An id in
a path that is no UUID is 404; an unreadable query is 400; a body that is JSON but not acceptable is 422. The codes are
${problemCodes.map((code) => `\`${code}\``).join(', ')}.

Ids are UUIDs, and times are ISO 8601 in UTC.
`.trim();

const tags = [
  { name: 'accounts', description: 'Connected platform accounts' },
  { name: 'resources', description: 'What is given: links and texts' },
  { name: 'triggers', description: 'Which comments are answered, with what; every change is a new version' },
  { name: 'events', description: 'What platforms told us, each with its outcome and reason' },
  { name: 'deliveries', description: 'Runs of triggers, with the messages they send' },
  { name: 'backfills', description: 'Comments that came before their trigger, or that no webhook told of' },
  { name: 'contacts', description: 'The people who were answered' },
  { name: 'ledger', description: 'The append-only record of what happened' },
  { name: 'stats', description: 'Numbers that add up' },
  { name: 'alerts', description: 'What an owner should know now' },
  { name: 'workspace', description: 'What holds for all of it' },
];

/** Everything on the page comes from here: its scripts and styles are files; some elements carry a style of their own. */
const contentSecurityPolicy = {
  'default-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
  'img-src': "'self' data:",
  'object-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
};

function readVersion(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}

/** `/docs` to browse, `/docs/json` for programs. Has to come before the routes that it describes. */
export function describeApi(app: FastifyInstance, publicUrl: string | undefined): void {
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Fairdrop',
        version: readVersion(),
        description,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: publicUrl ?? '/' }],
      tags,
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: fd_…' },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: finishDocument,
  });
  app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: contentSecurityPolicy,
    // It would show the document to a validator elsewhere.
    uiConfig: { validatorUrl: null },
  });
}

/** What all routes behind an API key have in common, so that none can forget it. */
export function describeKeyedRoute(route: RouteOptions): void {
  const { params, body } = route.schema ?? {};
  route.schema = {
    ...route.schema,
    security: [{ apiKey: [] }],
    response: {
      ...problems(400, 401, 403, 500, 503),
      ...(params ? problems(404) : {}),
      ...(body ? problems(413, 415, 422) : {}),
      ...(route.schema?.response as object | undefined),
    },
  };
}
