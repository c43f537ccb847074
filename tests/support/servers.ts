/**
 * The PostgreSQL and the Redis that a test run uses: given by the environment, in containers, or started here. Each
 * way that does not work falls through to the next.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { isAlive } from '../../src/db/embedded-postmaster.ts';

export interface Server {
  url: string;
  /** Says in the log of a run where the server came from. */
  origin: string;
  stop(): Promise<void>;
}

const engineAnswerMs = 2_000;
/** Enough to pull both images over a slow line. */
const containerStartMs = 180_000;

const prefix = `fairdrop-${process.getuid?.() ?? ''}-`;

/** A directory in which also a service user may work: PostgreSQL refuses to run as root. */
export function temporaryDirectory(name: string): { dir: string; remove(): void } {
  const dir = mkdtempSync(path.join(tmpdir(), `${prefix}${process.pid}-${name}-`));
  chmodSync(dir, 0o755);
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Of runs that were killed before they could clean up. */
export function removeAbandonedDirectories(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    if (isAlive(Number.parseInt(name.slice(prefix.length), 10))) continue;
    rmSync(path.join(tmpdir(), name), { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function findPostgres(docker: boolean): Promise<Server> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return { url: given, origin: 'TEST_DATABASE_URL', stop: async () => {} };
  return (docker && (await tryContainer('PostgreSQL', postgresContainer))) || embeddedPostgres();
}

/** @returns null when this machine has no Redis */
export async function findRedis(docker: boolean): Promise<Server | null> {
  const given = process.env.TEST_REDIS_URL;
  if (given) return { url: given, origin: 'TEST_REDIS_URL', stop: async () => {} };
  if (docker) {
    const container = await tryContainer('Redis', redisContainer);
    if (container) return container;
  }
  const installed = spawnSync('redis-server', ['--version']).status === 0;
  return installed ? startRedisServer() : null;
}

async function embeddedPostgres(): Promise<Server> {
  const { dir, remove } = temporaryDirectory('postgres');
  const first = await startEmbeddedPostgres({ dataDir: dir });
  await setUpForTests(first.url);
  await first.stop();
  const server = await startEmbeddedPostgres({ dataDir: dir });
  return {
    url: server.url,
    origin: 'embedded',
    stop: async () => {
      await server.stop();
      remove();
    },
  };
}

/**
 * Without fsync copying a template takes a fraction of the time; the data of a test need not survive a power cut. And with
 * connections for several installations of several processes at once. Counts from the next start on.
 */
async function setUpForTests(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url.replace('//fairdrop:', '//postgres:') });
  await client.connect();
  await client.query('ALTER SYSTEM SET fsync = off');
  await client.query('ALTER SYSTEM SET max_connections = 500');
  await client.end();
}

/**
 * A Redis of its own, for a test that stops, floods or flushes it.
 * @param fixedPort where a stopped one was, to bring up an empty one in its place
 */
export async function startRedisServer(fixedPort?: number): Promise<Server> {
  const { dir, remove } = temporaryDirectory('redis');
  for (let attempt = 1; ; attempt++) {
    const port = fixedPort ?? (await freePort());
    const settings = `--port ${port} --bind 127.0.0.1 --dir ${dir} --appendonly yes --save`.split(' ');
    // The shell ends the server when its input ends, which it does however this process dies.
    const guard = '"$@" & server=$!; { read -r line; kill "$server"; } <&3 & wait "$server"';
    const child = spawn('/bin/sh', ['-c', guard, 'redis-guard', 'redis-server', ...settings, ''], {
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
      detached: true,
    });
    const ended = new Promise<'ended'>((resolve) => child.once('exit', () => resolve('ended')));
    const ready = new Promise<'ready'>((resolve) => {
      child.stdout!.on('data', (chunk) => String(chunk).includes('Ready to accept') && resolve('ready'));
    });
    if ((await Promise.race([ready, ended])) === 'ready') {
      const stop = async () => {
        child.stdio[3]!.destroy();
        await ended;
        remove();
      };
      return { url: `redis://127.0.0.1:${port}`, origin: 'redis-server', stop };
    }
    child.stdio[3]!.destroy();
    if (attempt === 5) throw new Error('redis-server does not start: run it by hand to see why.');
  }
}

export async function dockerAnswers(): Promise<boolean> {
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const target = host.startsWith('unix://')
    ? { socketPath: host.slice('unix://'.length) }
    : { hostname: new URL(host).hostname, port: new URL(host).port || 2375 };
  return new Promise((resolve) => {
    const ping = request({ ...target, path: '/_ping', timeout: engineAnswerMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => resolve(false));
    ping.end();
  });
}

async function tryContainer(name: string, start: () => Promise<Server>): Promise<Server | null> {
  const starting = start();
  try {
    const timer = new AbortController();
    const late = sleep(containerStartMs, undefined, { signal: timer.signal }).then(() => {
      throw new Error(`not ready after ${containerStartMs / 1000} s`);
    });
    late.catch(() => {});
    return await Promise.race([starting, late]).finally(() => timer.abort());
  } catch (error) {
    console.warn(`No container for ${name} (${(error as Error).message}), looking on this machine.`);
    starting.then((server) => server.stop()).catch(() => {});
    return null;
  }
}

async function postgresContainer(): Promise<Server> {
  const { GenericContainer, Wait } = await testcontainers();
  const container = await new GenericContainer('postgres:18-alpine')
    .withEnvironment({ POSTGRES_PASSWORD: 'fairdrop' })
    .withCommand(['postgres', '-c', 'max_connections=500', '-c', 'fsync=off'])
    .withExposedPorts(5432)
    // The image starts once to initialise itself, and then for good.
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
    .start();
  const url = `postgres://postgres:fairdrop@${container.getHost()}:${container.getMappedPort(5432)}/postgres`;
  return { url, origin: 'container', stop: async () => void (await container.stop()) };
}

async function redisContainer(): Promise<Server> {
  const { GenericContainer, Wait } = await testcontainers();
  const container = await new GenericContainer('redis:8-alpine')
    .withCommand(['redis-server', '--appendonly', 'yes'])
    .withExposedPorts(6379)
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .start();
  const url = `redis://${container.getHost()}:${container.getMappedPort(6379)}`;
  return { url, origin: 'container', stop: async () => void (await container.stop()) };
}

function testcontainers(): Promise<typeof import('testcontainers')> {
  // Its reaper holds a connection that keeps vitest from exiting; the teardown stops the containers instead.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  return import('testcontainers');
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
