/** Runs once before the tests: finds the services, and prepares the database that every test file gets a copy of. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/db/migrate.ts';
import { dropDatabases } from './databases.ts';
import {
  dockerAnswers,
  findPostgres,
  findRedis,
  removeAbandonedDirectories,
  type Server,
} from './servers.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A database of the server, for creating others from it; tests work in copies of the template. */
    databaseUrl: string;
    templateDatabase: string;
    redisUrl: string | null;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  removeAbandonedDirectories();
  const docker = await dockerAnswers();
  const found = await Promise.allSettled([findPostgres(docker), findRedis(docker)]);
  const servers = found.map((result) => (result.status === 'fulfilled' ? result.value : null));
  const stopAll = async () => {
    await Promise.all(servers.map((server) => server?.stop()));
  };
  try {
    for (const result of found) if (result.status === 'rejected') throw result.reason;
    const [postgres, redis] = servers as [Server, Server | null];
    if (!redis) warnWithoutRedis();
    console.log(`Test services: PostgreSQL (${postgres.origin}), Redis (${redis?.origin ?? 'none'})`);
    const template = await createTemplate(postgres.url);
    project.provide('databaseUrl', postgres.url);
    project.provide('templateDatabase', template);
    project.provide('redisUrl', redis?.url ?? null);
    return async () => {
      // Also those that a failed test file left.
      await dropDatabases(postgres.url, `${template}%`).finally(stopAll);
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

function warnWithoutRedis(): void {
  if (process.env.CI === 'true') {
    throw new Error(
      'CI must test the Redis half: install redis-server, offer Docker, or set TEST_REDIS_URL.',
    );
  }
  const text = 'NO REDIS FOUND: every test of the Redis half is SKIPPED.';
  const advice = 'Install redis-server, start Docker, or set TEST_REDIS_URL.';
  console.warn(`\n${'!'.repeat(70)}\n!! ${text}\n!! ${advice}\n${'!'.repeat(70)}\n`);
}

/** Its name differs from run to run: several runs may share a server. */
async function createTemplate(serverUrl: string): Promise<string> {
  const name = `fairdrop_template_${randomBytes(4).toString('hex')}`;
  await query(serverUrl, [`CREATE DATABASE ${name}`]);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await migrate(url.href, { queueSchema: true });
  // A template with a connection open cannot be copied.
  await query(serverUrl, [`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`]);
  return name;
}

async function query(serverUrl: string, statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}
