/**
 * The embedded PostgreSQL of an installation without DATABASE_URL: real PostgreSQL from npm, initialised, started and
 * stopped with its own tools. It is started with `pg_ctl`, which puts it into a session of its own: a Ctrl-C stops
 * our workers first, and the database when they are done.
 */
import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { ensureCluster, passwordFile } from './embedded-cluster.ts';
import { EmbeddedPostgresError, type Host, lastLine, prepareHost, run } from './embedded-host.ts';
import {
  findPostmaster,
  type Guard,
  isAlive,
  ownerFlag,
  type Postmaster,
  startGuard,
} from './embedded-postmaster.ts';

export { EmbeddedPostgresError } from './embedded-host.ts';

export interface EmbeddedPostgres {
  /** Contains the password: not for logs. */
  url: string;
  /** Where the cluster (`postgres/`) and its password are; not always the directory that was asked for. */
  dataDir: string;
  /** False when another process runs this cluster: it will also stop it. */
  startedHere: boolean;
  /** Whether the server is still the one that this is about. */
  isRunning(): boolean;
  /** Disconnects everybody and stops the server; does nothing when the server was not started here. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Created if missing. The data in it survives restarts. */
  dataDir: string;
  log?: (line: string) => void;
  /** A free TCP port of 127.0.0.1. */
  choosePort?: () => Promise<number>;
}

const patienceMs = 120_000;
const pollMs = 100;
const startTimeoutSeconds = 300;
const logFileBytes = 8 * 1024 * 1024;

/** @throws EmbeddedPostgresError with one sentence that says what to do */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log = () => {}, choosePort = freePort } = options;
  const host = await prepareHost(dataDir, log);
  const password = await ensureCluster(host, log);
  const giveUpAtMs = Date.now() + patienceMs;

  for (;;) {
    const running = findPostmaster(host.clusterDir);
    if (Date.now() > giveUpAtMs) {
      throw new EmbeddedPostgresError(
        `The PostgreSQL in ${host.clusterDir} (pid ${running?.pid}) neither starts nor stops: see ${logFile(host)}, and stop it by hand.`,
      );
    }
    if (running?.state === 'ready' && !running.orphaned) {
      if (await createDatabase(running.port, password, host)) {
        log(`using the PostgreSQL that another process runs in ${host.clusterDir}`);
        return connection(host, password, running.port, undefined);
      }
    } else if (running?.state === 'ready') {
      log('stopping the PostgreSQL of a process that was killed');
      await stopServer(host, running);
    } else if (!running) {
      const started = await startServer(host, await choosePort());
      if (started) {
        const server = connection(host, password, started.port, started.guard);
        const usable = await createDatabase(started.port, password, host).catch(async (error) => {
          await server.stop();
          throw error;
        });
        if (usable) return server;
        await server.stop();
      }
    }
    await sleep(pollMs);
  }
}

function connection(host: Host, password: string, port: number, guard: Guard | undefined): EmbeddedPostgres {
  const stopOnce = async () => {
    const running = findPostmaster(host.clusterDir);
    if (running?.port === port) await stopServer(host, running);
    guard?.release();
  };
  let stopping: Promise<void> | undefined;
  return {
    url: `postgres://fairdrop:${password}@127.0.0.1:${port}/fairdrop?sslmode=disable`,
    dataDir: host.baseDir,
    startedHere: guard !== undefined,
    isRunning: () => findPostmaster(host.clusterDir)?.port === port,
    stop: () => {
      stopping ??= guard ? stopOnce() : Promise.resolve();
      return stopping;
    },
  };
}

/** @returns undefined when somebody else has the port or the cluster: look again */
async function startServer(host: Host, port: number): Promise<{ port: number; guard: Guard } | undefined> {
  const { binaries, clusterDir, runAs } = host;
  const file = logFile(host);
  const sizeBefore = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBefore > logFileBytes) renameSync(file, `${file}.1`);
  const flags = [
    `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=`,
    `-c ${ownerFlag(process.pid)}`,
  ].join(' ');
  const guard = startGuard({ pgCtl: binaries.pg_ctl, clusterDir, port, runAs });
  const { ok, output } = await run(
    binaries.pg_ctl,
    ['start', '-D', clusterDir, '-w', '-t', String(startTimeoutSeconds), '-l', file, '-o', flags],
    runAs,
  );
  if (ok) {
    guard.started();
    return { port, guard };
  }
  const running = findPostmaster(clusterDir);
  if (running?.port === port) await stopServer(host, running);
  guard.release();
  const said = existsSync(file)
    ? readFileSync(file, 'utf8').slice(sizeBefore > logFileBytes ? 0 : sizeBefore)
    : '';
  if (
    /Address already in use|lock file .* already exists|lock file .* is empty|pre-existing shared memory/.test(
      said,
    )
  ) {
    return undefined;
  }
  const reason = /(?:FATAL|PANIC): +(.*)/.exec(said)?.[1] ?? output.trim().replaceAll(/\s*\n/g, '; ');
  throw new EmbeddedPostgresError(
    `PostgreSQL did not start in ${clusterDir} (${reason}): see ${file}, or set DATABASE_URL.`,
  );
}

/** Waits for the process, not like `pg_ctl` for its pid file: a successor may write a new one at once. */
async function stopServer(host: Host, server: Postmaster): Promise<void> {
  const { output } = await run(
    host.binaries.pg_ctl,
    ['stop', '-D', host.clusterDir, '-m', 'fast', '--no-wait'],
    host.runAs,
  );
  const giveUpAtMs = Date.now() + patienceMs;
  while (isAlive(server.pid)) {
    if (Date.now() > giveUpAtMs) {
      throw new EmbeddedPostgresError(
        `PostgreSQL (pid ${server.pid}) does not stop (${lastLine(output)}): see ${logFile(host)}, and stop it by hand.`,
      );
    }
    await sleep(pollMs / 4);
  }
}

const logFile = (host: Host) => path.join(host.clusterDir, 'server.log');

/**
 * The application's role owns its database and is no superuser: a superuser could run programs on the machine.
 * @returns false when the server of another process went down between our look and our connection
 */
async function createDatabase(port: number, password: string, host: Host): Promise<boolean> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    ssl: false,
    connectionTimeoutMillis: 10_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT pg_advisory_lock(1)');
    const { rows } = await client.query(
      `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'fairdrop') AS role,
              EXISTS (SELECT FROM pg_database WHERE datname = 'fairdrop') AS database`,
    );
    if (!rows[0].role) {
      await client.query(`CREATE ROLE fairdrop LOGIN CREATEDB PASSWORD ${client.escapeLiteral(password)}`);
    }
    if (!rows[0].database) await client.query('CREATE DATABASE fairdrop OWNER fairdrop');
    return true;
  } catch (error) {
    if (isGoingDown(error as Error)) return false;
    throw new EmbeddedPostgresError(
      (error as { code?: string }).code === '28P01'
        ? `The database in ${host.clusterDir} does not accept the password in ${passwordFile(host)}: restore the file that belongs to it, or set DATABASE_URL.`
        : `The PostgreSQL in ${host.clusterDir} runs but cannot be used (${(error as Error).message}): see ${logFile(host)}, or set DATABASE_URL.`,
    );
  } finally {
    await client.end().catch(() => {});
  }
}

function isGoingDown(error: Error & { code?: string }): boolean {
  const codes = ['57P01', '57P03', 'ECONNREFUSED', 'ECONNRESET'];
  return codes.includes(error.code ?? '') || /Connection terminated/.test(error.message);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
