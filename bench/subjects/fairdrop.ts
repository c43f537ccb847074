import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createClient } from '../../demo/client.ts';
import { stopChild } from '../helper-process.ts';
import { accessToken, appSecret, keyword } from '../load/comments.ts';
import { freePort } from '../servers/free-port.ts';
import type { BenchPostgres } from '../servers/postgres.ts';
import type { BenchRedis } from '../servers/redis.ts';
import { accountCount } from '../settings.ts';
import type { ProfileCommand } from './fairdrop-process.ts';
import { pacingOverride } from './pacing.ts';
import type { Subject } from './subject.ts';

const startPatienceMs = 60_000;

/** Of `npm start`: what stands between `node` and the file. */
const nodeFlags = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    scripts: { start: string };
  }
).scripts.start
  .split(' ')
  .slice(1, -1);

/** As the Dockerfile sets them. */
const surroundings = { NODE_COMPILE_CACHE: path.join(tmpdir(), 'node-compile-cache'), MALLOC_ARENA_MAX: '1' };

export const apiKey = 'bench-bench-bench-bench-bench';

export type Role = 'api' | 'worker';

export interface FairdropSubject extends Subject {
  url: string;
  databaseUrl: string;
  pids: Record<Role, number>;
  profile(role: Role, command: ProfileCommand): Promise<void>;
}

export interface FairdropOptions {
  name: string;
  database: string;
  postgres: BenchPostgres;
  /** An address with a database number that nobody else uses. */
  redisUrl: string;
  /** Of the server, for its CPU time. */
  redis: BenchRedis;
  queue: 'redis' | 'postgres';
  graphUrl: string;
  logLevel: string;
  /** An empty directory, since a `.env` would be read in it. */
  cwd: string;
}

/** Api and worker as two processes, with accounts and triggers made through the REST API. */
export async function startFairdrop(options: FairdropOptions): Promise<FairdropSubject> {
  const { postgres, redis, queue, database } = options;
  const databaseUrl = await postgres.createDatabase(database);
  const env = {
    HOST: '127.0.0.1',
    LOG_LEVEL: options.logLevel,
    DATABASE_URL: databaseUrl,
    ENCRYPTION_KEY: Buffer.alloc(32, 'bench').toString('base64'),
    FAIRDROP_BOOTSTRAP_KEY: apiKey,
    INSTAGRAM_APP_SECRET: appSecret,
    INSTAGRAM_GRAPH_URL: options.graphUrl,
    ...(queue === 'redis' && { REDIS_URL: options.redisUrl }),
  };
  // One after the other: the first brings the schema up to date.
  const api = await startRole('api', env, options.cwd);
  const worker = await startRole('worker', env, options.cwd);
  await createAccounts(api.url);
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => {});
  await client.connect();
  const children = { api: api.child, worker: worker.child };
  const pids = { api: api.child.pid ?? 0, worker: worker.child.pid ?? 0 };
  return {
    name: options.name,
    url: api.url,
    webhookUrl: `${api.url}/webhooks/instagram`,
    databaseUrl,
    pids,
    processes: { ...pids, postgres: postgres.pid(), ...(queue === 'redis' && { redis: redis.pid }) },
    settled: () => settled(client),
    async profile(role, command) {
      const answered = once(children[role], 'message');
      children[role].send(command);
      await answered;
    },
    async stop() {
      await client.end().catch(() => {});
      await Promise.all(
        Object.values(children).map((child) => stopChild(child, () => child.kill('SIGTERM'))),
      );
    },
  };
}

async function startRole(
  role: Role,
  env: Record<string, string>,
  cwd: string,
): Promise<{ child: ChildProcess; url: string }> {
  const port = await freePort();
  const child = fork(new URL('fairdrop-process.ts', import.meta.url), {
    cwd,
    env: {
      PATH: process.env.PATH ?? '',
      ...surroundings,
      ...env,
      ROLE: role,
      PORT: `${port}`,
    },
    execArgv: nodeFlags,
    // Log lines are written, as anywhere, and read by nobody.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const url = `http://127.0.0.1:${port}`;
  const giveUpAtMs = Date.now() + startPatienceMs;
  while (!(await isReady(url))) {
    if (child.exitCode !== null || Date.now() > giveUpAtMs) {
      child.kill('SIGKILL');
      throw new Error(`Fairdrop (${role}) did not start; what it said stands above.`);
    }
    await sleep(50);
  }
  return { child, url };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  );
}

async function createAccounts(url: string): Promise<void> {
  const client = createClient(url, apiKey);
  const resource = await client.post<{ id: string }>('/v1/resources', {
    name: 'The guide',
    kind: 'link',
    url: 'https://studio.example/guide.pdf',
  });
  for (let account = 0; account < accountCount; account += 1) {
    const { id } = await client.post<{ id: string }>('/v1/accounts', {
      platform: 'instagram',
      accessToken: accessToken(account),
      ...pacingOverride(),
    });
    await client.post('/v1/triggers', {
      accountId: id,
      resourceId: resource.id,
      name: 'Guide',
      keywords: [keyword],
      dmTemplates: [{ text: 'Hi {{ contact.username }}, here is the guide: {{ resource.url }}' }],
    });
  }
}

/** Both conditions have a partial index that is empty once all is sent; what waits for later does not count. */
async function settled(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ busy: boolean }>(
      `select exists (select from messages where state = 'queued' and wake_at < now() + interval '1 hour')
           or exists (select from messages where state = 'sending') as busy`,
    );
    if (!rows[0]?.busy) return;
    await sleep(20);
  }
}
