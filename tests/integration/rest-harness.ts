/** The REST API over real HTTP and a real database, with a platform that knows whoever a token names. */
import { randomBytes } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import pg from 'pg';
import { buildApp } from '../../src/api/app.ts';
import { type BackfillPreviews, createPreviews } from '../../src/backfill/preview.ts';
import { openCredentials } from '../../src/catalog/accounts.ts';
import { createSecretBox } from '../../src/crypto/secret-box.ts';
import { PrismaClient } from '../../src/db/generated/client.ts';
import { createDeliveryActions, type DeliveryActions } from '../../src/deliveries/actions.ts';
import { createFoundIntake } from '../../src/intake/found.ts';
import type { Identification, PlatformAdapter } from '../../src/platforms/port.ts';
import { createApiKey, type Scope } from '../../src/workspaces/api-keys.ts';
import { createWorkspace } from '../../src/workspaces/workspaces.ts';
import { scriptedPlatform } from '../support/platform.ts';
import { createDatabase } from '../support/services.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests read answers as they come
export type Json = any;

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: Json;
}

export interface Client {
  key: string;
  workspaceId: string;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  patch(path: string, body: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
}

export interface Harness {
  databaseUrl: string;
  url: string;
  app: FastifyInstance;
  prisma: PrismaClient;
  secretBox: ReturnType<typeof createSecretBox>;
  pool: pg.Pool;
  deliveries: DeliveryActions;
  backfills: BackfillPreviews;
  /** The messages that were put into the queue. */
  woken: string[];
  platform: PlatformAdapter & { identified: string[] };
  /** What was logged, line by line. */
  log: string[];
  /** The time by which the API goes; moves only when it is set. */
  clock: { now: Date };
  /** Everything that any client was answered. */
  answers: string[];
  request(method: string, path: string, init?: RequestInit): Promise<Answer>;
  /** A workspace of its own with a key. */
  client(scopes?: readonly Scope[]): Promise<Client>;
  clientWith(key: string, workspaceId: string): Client;
  close(): Promise<void>;
}

/** `token-of-<id>` belongs to that account; `refused…` and `down…` say what the platform does. */
async function identify({ accessToken }: { accessToken: string }): Promise<Identification> {
  if (accessToken.startsWith('refused')) {
    return { kind: 'refused', detail: `Error validating access token ${accessToken}` };
  }
  if (accessToken.startsWith('down')) return { kind: 'unavailable', detail: 'It did not answer within 5 s.' };
  const externalId = accessToken.match(/^token-of-(\w+)/)?.[1] ?? 'somebody';
  return { kind: 'identified', externalId, username: `user_${externalId}` };
}

function loggerInto(lines: string[]): FastifyBaseLogger {
  const write = (level: string) => (fields: unknown) => {
    const told = fields as { err?: Error };
    lines.push(JSON.stringify({ level, ...told, err: told.err && `${told.err.stack}` }));
  };
  const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
  const logger = { level: 'info', ...Object.fromEntries(levels.map((level) => [level, write(level)])) };
  return Object.assign(logger, { child: () => logger }) as unknown as FastifyBaseLogger;
}

export async function startHarness(): Promise<Harness> {
  const database = await createDatabase();
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url, max: 8 }) });
  const secretBox = createSecretBox([{ id: 'test', key: randomBytes(32) }]);
  const identified: string[] = [];
  const platform = {
    ...scriptedPlatform(() => ({
      kind: 'rejected',
      reason: 'test',
      detail: 'nothing is sent here',
      answered: false,
    })),
    identified,
    identify(credentials: { accessToken: string }) {
      identified.push(credentials.accessToken);
      return identify(credentials);
    },
  };
  const log: string[] = [];
  const clock = { now: new Date() };
  const answers: string[] = [];
  const platforms = new Map([['instagram', platform]]);
  const pool = new pg.Pool({ connectionString: database.url, max: 4 });
  // What is closing when the database is dropped need not end well.
  pool.on('error', () => {});
  const woken: string[] = [];
  const deliveries = createDeliveryActions({
    pool,
    platforms,
    wake: (ids) => void woken.push(...ids),
    random: Math.random,
  });
  const given = { pool, now: () => clock.now, random: Math.random, onError: console.error };
  const backfills = createPreviews({
    ...given,
    open: {
      adapterFor: () => platform,
      adapters: () => [platform],
      credentialsOf: (account) => openCredentials(secretBox, account),
    },
    found: createFoundIntake(given),
  });
  const app = buildApp({
    prisma,
    platforms,
    deliveries,
    backfills,
    secretBox,
    publicUrl: 'https://fairdrop.example',
    logger: loggerInto(log),
    now: () => clock.now,
    plugins: [
      async (scope) => {
        scope.get('/broken', { schema: { hide: true } }, async () => {
          throw new Error('a secret detail of the inside');
        });
      },
    ],
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });

  async function request(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(url + path, { method, ...init });
    const text = await response.text();
    answers.push(text, JSON.stringify([...response.headers]));
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : null,
    };
  }

  function clientWith(key: string, workspaceId: string): Client {
    const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      request(method, path, {
        headers: {
          authorization: `Bearer ${key}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
    return {
      key,
      workspaceId,
      get: (path, headers) => send('GET', path, undefined, headers),
      post: (path, body, headers) => send('POST', path, body, headers),
      patch: (path, body) => send('PATCH', path, body),
      delete: (path) => send('DELETE', path),
    };
  }

  return {
    databaseUrl: database.url,
    url,
    app,
    prisma,
    secretBox,
    pool,
    deliveries,
    backfills,
    woken,
    platform,
    log,
    clock,
    answers,
    request,
    clientWith,
    async client(scopes = ['read', 'write']) {
      const workspace = await createWorkspace(prisma, 'test');
      const { key } = await createApiKey(prisma, { workspaceId: workspace.id, name: 'test', scopes });
      return clientWith(key, workspace.id);
    },
    async close() {
      await app.close();
      await Promise.all([prisma.$disconnect(), pool.end()]);
      await database.drop();
    },
  };
}

let accounts = 0;

/** An account, a resource and a trigger for GUIDE, made through the API. */
export async function connect(client: Client, trigger: Record<string, unknown> = {}) {
  accounts += 1;
  const account = await created(
    client.post('/v1/accounts', { platform: 'instagram', accessToken: `token-of-17841${accounts}` }),
  );
  const resource = await created(
    client.post('/v1/resources', { name: 'Guide', kind: 'link', url: 'https://x.example/guide' }),
  );
  return {
    account,
    resource,
    trigger: await created(client.post('/v1/triggers', triggerBody(account, resource, trigger))),
  };
}

export function triggerBody(account: Json, resource: Json, given: Record<string, unknown> = {}) {
  return {
    accountId: account.id,
    resourceId: resource.id,
    name: 'Guide',
    keywords: ['GUIDE'],
    dmTemplates: [{ text: 'Here it is: {{ resource.url }}' }],
    ...given,
  };
}

export async function created(answer: Promise<Answer>): Promise<Json> {
  const { status, body, text } = await answer;
  if (status !== 201) throw new Error(`not created: ${status} ${text}`);
  return body;
}

/** Every page of a list, one after the other. */
export async function readAll(client: Client, path: string, limit: number): Promise<Json[]> {
  const items: Json[] = [];
  const separator = path.includes('?') ? '&' : '?';
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, body, text }: Answer = await client.get(
      `${path}${separator}limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    items.push(...body.data);
    cursor = body.nextCursor;
  }
  return items;
}
