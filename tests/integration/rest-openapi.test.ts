import { readdirSync, readFileSync } from 'node:fs';
import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../src/api/app.ts';
import { PrismaClient } from '../../src/db/generated/client.ts';
import { type Harness, type Json, startHarness } from './rest-harness.ts';

let api: Harness;
let document: Json;
beforeAll(async () => {
  api = await startHarness();
  document = (await api.request('GET', '/docs/json')).body;
});
afterAll(() => api.close());

const routes = [
  'GET /v1/accounts',
  'POST /v1/accounts',
  'GET /v1/accounts/{id}',
  'PATCH /v1/accounts/{id}',
  'DELETE /v1/accounts/{id}',
  'GET /v1/resources',
  'POST /v1/resources',
  'GET /v1/resources/{id}',
  'PATCH /v1/resources/{id}',
  'DELETE /v1/resources/{id}',
  'GET /v1/triggers',
  'POST /v1/triggers',
  'POST /v1/triggers/test',
  'GET /v1/triggers/{id}',
  'PATCH /v1/triggers/{id}',
  'DELETE /v1/triggers/{id}',
  'POST /v1/triggers/{id}/pause',
  'POST /v1/triggers/{id}/rehearse',
  'POST /v1/triggers/{id}/resume',
  'GET /v1/triggers/{id}/variants',
  'GET /v1/triggers/{id}/versions',
  'POST /v1/triggers/{id}/versions/{version}/restore',
  'GET /v1/events',
  'GET /v1/events/{id}',
  'GET /v1/events/{id}/explain',
  'GET /v1/deliveries',
  'GET /v1/deliveries/{id}',
  'POST /v1/deliveries/{id}/replay',
  'POST /v1/deliveries/replay',
  'GET /v1/backfills',
  'POST /v1/backfills',
  'POST /v1/backfills/preview',
  'GET /v1/backfills/{id}',
  'POST /v1/backfills/{id}/pause',
  'POST /v1/backfills/{id}/resume',
  'POST /v1/backfills/{id}/stop',
  'GET /v1/messages',
  'POST /v1/messages/{id}/resolve',
  'GET /v1/alerts',
  'GET /v1/contacts',
  'GET /v1/contacts/{id}',
  'GET /v1/ledger',
  'GET /v1/stats',
  'GET /v1/workspace',
  'PATCH /v1/workspace',
];

function operations(): [route: string, operation: Json][] {
  return Object.entries<Json>(document.paths).flatMap(([path, item]) =>
    Object.entries<Json>(item).map(([method, operation]): [string, Json] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
}

describe('the OpenAPI document', () => {
  it('is of version 3.1 and lists every route', () => {
    expect(document.openapi).toBe('3.1.0');
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(document.info).toMatchObject({ title: 'Fairdrop', version });
    expect(
      operations()
        .map(([route]) => route)
        .sort(),
    ).toEqual([...routes].sort());
  });

  it.each(routes)('knows a route that is there: %s', async (route) => {
    const [method, path] = route.split(' ') as [string, string];
    // Without a key: 401 comes from the route, 404 and 405 would come from nowhere.
    expect((await api.request(method, path.replace('{id}', 'x'))).status).toBe(401);
  });

  it('refers to nothing that is not there', () => {
    const references = JSON.stringify(document).match(/"\$ref":"[^"]+"/g) ?? [];
    expect(references.length).toBeGreaterThan(50);
    for (const reference of new Set(references)) {
      const [, path] = reference.match(/"#\/(.+)"$/) as unknown as [string, string];
      expect(
        path.split('/').reduce((node: Json, key: string) => node?.[key], document),
        reference,
      ).toBeDefined();
    }
    for (const name of Object.keys(document.components.schemas)) expect(name).not.toMatch(/Input$/);
  });

  it('describes each operation: what for, with which key, which parameters, which problems', () => {
    const tags = document.tags.map(({ name }: Json) => name);
    for (const [route, operation] of operations()) {
      expect(operation.summary, route).toMatch(/\w/);
      expect(tags, route).toEqual(expect.arrayContaining(operation.tags));
      expect(operation.security, route).toEqual([{ apiKey: [] }]);
      const inPath = operation.parameters?.filter((parameter: Json) => parameter.in === 'path') ?? [];
      expect(inPath.map(({ name, required }: Json) => [name, required])).toEqual(
        [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, true]),
      );
      const problems = ['400', '401', '403', '500', '503', ...(route.includes('{id}') ? ['404'] : [])];
      if (operation.requestBody) problems.push('413', '415', '422');
      for (const status of problems) {
        expect(operation.responses[status].content, `${route} ${status}`).toEqual({
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        });
      }
      const successes = Object.entries<Json>(operation.responses).filter(([status]) => status < '300');
      expect(successes.length, route).toBeGreaterThan(0);
      for (const [status, { description, content }] of successes) {
        expect(description).not.toBe('Default Response');
        expect(Object.keys(content ?? {}), route).toEqual(status === '204' ? [] : ['application/json']);
      }
    }
    expect(document.components.securitySchemes.apiKey).toMatchObject({ type: 'http', scheme: 'bearer' });
  });

  it('offers the Idempotency-Key where something is created, and only there', () => {
    const offering = operations().filter(([, { parameters = [] }]) =>
      parameters.some((parameter: Json) => parameter.in === 'header' && parameter.name === 'Idempotency-Key'),
    );
    expect(offering.map(([route]) => route).sort()).toEqual([
      'POST /v1/accounts',
      'POST /v1/backfills',
      'POST /v1/resources',
      'POST /v1/triggers',
    ]);
    for (const [, { responses }] of offering) {
      expect(Object.keys(responses['201'].headers)).toEqual(['Location', 'Idempotency-Replayed']);
    }
  });

  it('names each operation once, as a client library would', () => {
    const names = operations().map(([, { operationId }]) => operationId);
    for (const name of names) expect(name).toMatch(/^[a-z]+[A-Z][A-Za-z]+$/);
    expect(new Set(names).size).toBe(routes.length);
    expect(names).toEqual(expect.arrayContaining(['listAccounts', 'createTrigger', 'explainEvent']));
  });

  it('closes what is asked, and leaves open what is answered', () => {
    const answers = JSON.stringify([
      operations().map(([, { responses }]) => responses),
      document.components.schemas,
    ]);
    expect(answers).not.toContain('"additionalProperties":false');
    const bodies = operations().flatMap(([, { requestBody }]) => requestBody ?? []);
    expect(bodies.length).toBeGreaterThan(5);
    for (const body of bodies) expect(JSON.stringify(body)).toContain('"additionalProperties":false');
  });

  it('says of numbers and times what a reader needs, and no more', () => {
    const text = JSON.stringify(document);
    expect(text).not.toContain(String(Number.MAX_SAFE_INTEGER));
    const { properties } = document.components.schemas.Event;
    expect(properties.receivedAt).toEqual({ type: 'string', format: 'date-time', description: 'UTC' });
    expect(properties.id).toEqual({ type: 'string', format: 'uuid' });
    expect(properties.timesReceived).toMatchObject({ type: 'integer', minimum: 1 });
  });

  it('lists the words that an answer may hold', () => {
    const { Event, LedgerEntry, Message, Explanation, Stats, Problem } = document.components.schemas;
    expect(Event.properties.kind.enum).toContain('comment');
    expect(Event.properties.reason.enum).toContain('keyword_absent');
    expect(Event.properties.outcome.enum).toEqual(['matched', 'skipped']);
    expect(Explanation.properties.reason.enum).toEqual(Event.properties.reason.enum);
    expect(LedgerEntry.properties.kind.enum).toContain('resource.given');
    expect(Object.keys(Stats.properties.messages.properties.private_reply.properties)).toEqual(
      Message.properties.state.enum,
    );
    expect(Stats.properties.messages.required).toEqual(['private_reply', 'public_reply', 'direct_message']);
    expect(Explanation.properties.triggers.items.required).toEqual(
      expect.arrayContaining(['keyword', 'span']),
    );
    for (const code of Problem.properties.code.enum)
      expect(document.info.description).toContain(`\`${code}\``);
  });

  it('knows the code of every problem', () => {
    const elsewhere = /^api\/(webhooks|ops|health)\.ts$/;
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
      (file) => /^(api|catalog|records|workspaces|problem\.ts)/.test(file) && file.endsWith('.ts'),
    );
    const codes = files
      .filter((file) => !elsewhere.test(file))
      .flatMap((file) => [
        ...readFileSync(`src/${file}`, 'utf8').matchAll(
          /(?:new Problem\(\s*\d+|unusable\('\w+'),\s*'([a-z_]+)'/g,
        ),
      ])
      .map(([, code]) => code as string);
    expect(codes.length).toBeGreaterThan(25);
    expect(document.components.schemas.Problem.properties.code.enum).toEqual(expect.arrayContaining(codes));
  });

  it('is for wherever it was read from, when no public address was configured', async () => {
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: api.databaseUrl }) });
    const app = buildApp({ ...api, prisma, platforms: new Map() });
    try {
      const answer = await app.inject('/docs/json');
      expect(answer.json().servers).toEqual([{ url: '/' }]);
      expect(document.servers).toEqual([{ url: 'https://fairdrop.example' }]);
    } finally {
      await app.close();
      await prisma.$disconnect();
    }
  });

  it('can be browsed', async () => {
    const page = await api.request('GET', '/docs');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    // Over plain http the browser would ask for the scripts over https, where nobody answers.
    expect(policy).not.toMatch(/upgrade-insecure-requests|https?:|\w\.\w/);
    // The policy has no room for scripts inside the page, so all have to be files.
    expect(page.text).toContain('<script src=');
    expect(page.text).not.toMatch(/<script(?![^>]* src=)|<[^>]* on\w+=/i);
    for (const [, asset] of page.text.matchAll(/(?:src|href)="(\/docs\/static\/[^"]+)"/g)) {
      expect((await api.request('GET', asset as string)).status, asset).toBe(200);
    }
  });
});
