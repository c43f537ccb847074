/**
 * The running server of a cluster, seen from outside: what its pid file says and whether to believe it, and a guard
 * that stops the server when the process that started it dies.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { RunAs } from './embedded-host.ts';

export interface Postmaster {
  pid: number;
  port: number;
  state: 'ready' | 'changing';
  /** True when the process that started the server is gone, so that nobody will stop it. */
  orphaned: boolean;
}

/** Shown by `ps` and written to postmaster.opts by the server itself: who started it. */
export const ownerFlag = (pid: number) => `cluster_name=fairdrop_owner_${pid}`;
const ownerPattern = /cluster_name=fairdrop_owner_(\d+)/;

/** A pid file is created empty and filled at once; one that stays empty was left by a crash. */
const emptyPidFileMs = 5_000;

/**
 * Removes a pid file whose process id now belongs to another program (PostgreSQL would refuse to start); leaves that
 * of a dead process to PostgreSQL, which also looks for surviving backends.
 */
export function findPostmaster(clusterDir: string): Postmaster | undefined {
  const pidFile = path.join(clusterDir, 'postmaster.pid');
  const content = read(pidFile);
  if (content === undefined) return undefined;
  if (content.trim() === '') {
    const ageMs = Date.now() - (statSync(pidFile, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (ageMs < emptyPidFileMs) return { pid: 0, port: 0, state: 'changing', orphaned: false };
    removeIfStill(pidFile, content);
    return undefined;
  }
  const lines = content.split('\n');
  const pid = Math.abs(Number(lines[0]));
  if (!isAlive(pid)) return undefined;
  if (!isPostgresOf(pid, clusterDir)) {
    removeIfStill(pidFile, content);
    return undefined;
  }
  const state = lines[7]?.trim() === 'ready' ? 'ready' : 'changing';
  const owner = ownerPattern.exec(read(path.join(clusterDir, 'postmaster.opts')) ?? '')?.[1];
  return { pid, port: Number(lines[3]), state, orphaned: owner !== undefined && !isAlive(Number(owner)) };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Another starter may have replaced the file since it was read. */
function removeIfStill(file: string, content: string): void {
  if (read(file) === content) rmSync(file, { force: true });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // A killed process that its parent has not collected yet still takes signals.
  return process.platform !== 'linux' || !/\) [ZX] /.test(read(`/proc/${pid}/stat`) ?? '');
}

/** A postmaster works inside its data directory, which tells it from another cluster's. */
function isPostgresOf(pid: number, clusterDir: string): boolean {
  if (process.platform === 'win32') return true;
  if (process.platform !== 'linux') {
    const { stdout } = spawnSync('ps', ['-p', String(pid), '-o', 'comm='], { encoding: 'utf8' });
    return path.basename(stdout.trim()) === 'postgres';
  }
  if (read(`/proc/${pid}/comm`)?.trim() !== 'postgres') return false;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(clusterDir);
  } catch {
    // Not ours to look at: better to wait for a stranger than to delete the pid file of a running server.
    return true;
  }
}

/**
 * Reads until its pipe ends, which it does however the process at the other end dies. It stops the server only if
 * that is still the one of our start, known by its port. If we died during the start, the server may yet appear.
 */
const guardScript = `
started=
while read -r word; do started=$word; done
tries=0
while :; do
  port=
  { read -r skip; read -r skip; read -r skip; read -r port; } <"$2/postmaster.pid"
  [ "$port" = "$3" ] && exec "$1" stop -D "$2" -m fast --no-wait
  tries=$((tries + 1))
  [ -n "$started" ] || [ "$tries" -gt 10 ] && exit
  sleep 1
done`;

export interface Guard {
  /** The server runs: from now on its pid file exists for as long as it does. */
  started(): void;
  release(): void;
}

/** To be called before the server is started, so that there is no moment without a guard. */
export function startGuard(options: {
  pgCtl: string;
  clusterDir: string;
  port: number;
  runAs: RunAs;
}): Guard {
  if (process.platform === 'win32') return { started() {}, release() {} };
  const { pgCtl, clusterDir, port, runAs } = options;
  const child = spawn(
    '/bin/sh',
    ['-c', guardScript, 'fairdrop-postgres-guard', pgCtl, clusterDir, String(port)],
    {
      ...runAs,
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      // Only the pipe: a guard that held our output open would keep `npm start | cat` from ending.
      stdio: ['pipe', 'ignore', 'ignore'],
      // A session of its own, out of reach of the terminal's Ctrl-C.
      detached: true,
    },
  );
  // Without a guard the database still works; only a kill -9 would leave it running.
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return {
    started: () => void child.stdin.write('started\n'),
    release: () => void child.kill('SIGKILL'),
  };
}
