/** The bench's own Redis, with its append-only file synced every second. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { freePort } from './free-port.ts';

export interface BenchRedis {
  url: string;
  version: string;
  /** Its guard's: the server is the only child. */
  pid: number;
  stop(): Promise<void>;
}

export class RedisMissing extends Error {
  override name = 'RedisMissing';
}

// The shell ends the server when its input ends, which it does however the bench dies.
const guard = '"$@" & server=$!; { read -r line; kill "$server"; } <&3 & wait "$server"';

/** @throws RedisMissing where there is no redis-server */
export async function startRedis(dir: string): Promise<BenchRedis> {
  const { stdout, status } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  if (status !== 0) {
    throw new RedisMissing(
      'The bench needs redis-server on the PATH (Debian: apt-get install redis-server), or it has nothing to compare with.',
    );
  }
  mkdirSync(dir, { recursive: true });
  const port = await freePort();
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', ''];
  const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec'];
  const child = spawn('/bin/sh', ['-c', guard, 'redis-guard', 'redis-server', ...settings, ...durable], {
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
    detached: true,
  });
  const ended = once(child, 'exit');
  const ready = new Promise<boolean>((resolve) => {
    child.stdout?.on('data', (chunk) => String(chunk).includes('Ready to accept') && resolve(true));
    ended.then(() => resolve(false));
  });
  if (!(await ready)) throw new Error('redis-server does not start: run it by hand to see why.');
  return {
    url: `redis://127.0.0.1:${port}`,
    version: /v=(\S+)/.exec(stdout)?.[1] ?? '',
    pid: child.pid ?? 0,
    async stop() {
      child.stdio[3]?.destroy();
      await ended;
    },
  };
}
