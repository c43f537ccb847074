/**
 * What a test takes from the services that `global-setup.ts` found.
 *
 *     const database = await createDatabase();           // in beforeAll; drop() in afterAll
 *
 *     for (const backend of queueBackends) {
 *       describe.skipIf(backend.skipped)(`with the queue on ${backend.name}`, () => { … backend.redisUrl … });
 *     }
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { dropDatabases } from './databases.ts';

export interface TestDatabase {
  url: string;
  /** Disconnects whoever is still there. */
  drop(): Promise<void>;
}

/** A migrated, empty database with BullMQ's schema in it; `empty` gives one without anything. */
export async function createDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const template = inject('templateDatabase');
  const name = `${template}_${randomBytes(4).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${options.empty ? 'template0' : template}`);
  const url = new URL(inject('databaseUrl'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => dropDatabases(inject('databaseUrl'), name) };
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('databaseUrl') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/**
 * The database of the shared Redis that belongs to this worker of vitest: files that run at the same time never take
 * each other's jobs. Never flush it.
 */
function ownRedis(): string | undefined {
  const shared = inject('redisUrl');
  if (!shared) return undefined;
  const url = new URL(shared);
  url.pathname = `/${Number(process.env.VITEST_POOL_ID ?? 0) % 16}`;
  return url.href;
}

export const hasRedis = inject('redisUrl') !== null;

export interface QueueBackend {
  name: 'postgres' | 'redis';
  /** As the service takes it from the environment: undefined means that the queue lives in Postgres. */
  redisUrl: string | undefined;
  skipped: boolean;
}

export const queueBackends: readonly QueueBackend[] = [
  { name: 'postgres', redisUrl: undefined, skipped: false },
  { name: 'redis', redisUrl: ownRedis(), skipped: !hasRedis },
];
