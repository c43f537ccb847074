import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** How long a start may take: the first one initialises a database. */
const startTimeoutMs = 90_000;

export interface Fairdrop {
  /** Where it listens. */
  url: string;
  process: ChildProcess;
  /** What it has written to standard output. */
  output(): string;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
}

/**
 * Starts Fairdrop as `npm start` does, in a process of its own, and waits until it says where it is. It gets `env` and
 * nothing else: it runs in an empty directory, because it would read a `.env` where it is started.
 * @param options.cwd where it runs instead; not removed at its end
 * @param options.signal ends a start that is under way
 */
export async function startFairdrop(
  env: Record<string, string>,
  options: { cwd?: string; signal?: AbortSignal } = {},
): Promise<Fairdrop> {
  options.signal?.throwIfAborted();
  const cwd = options.cwd ?? emptyDirectory();
  const child = spawn(process.execPath, [main], {
    cwd,
    env: {
      PATH: process.env.PATH ?? '',
      ...env,
      // What the caller means is relative to where the caller is.
      ...(env.DATA_DIR && { DATA_DIR: path.resolve(env.DATA_DIR) }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!options.cwd) child.once('exit', () => rmSync(cwd, { recursive: true, force: true, maxRetries: 5 }));
  const abort = () => void child.kill('SIGTERM');
  options.signal?.addEventListener('abort', abort, { once: true });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
  });
  try {
    const url = await addressOf(child, () => output);
    return {
      url,
      process: child,
      output: () => output,
      async stop() {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        await exited;
      },
    };
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}

/** Enterable by others, since PostgreSQL runs as another user where we are root; named like those of the tests. */
function emptyDirectory(): string {
  const dir = mkdtempSync(path.join(tmpdir(), `fairdrop-${process.getuid?.() ?? ''}-${process.pid}-run-`));
  chmodSync(dir, 0o755);
  return dir;
}

function addressOf(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`Fairdrop did not start within ${startTimeoutMs / 1000} s. It said:\n${output()}`));
    }, startTimeoutMs);
    child.stdout?.on('data', () => {
      const address = output().match(/(?:API|Health) +(http:\/\/[^/\s]+)/)?.[1];
      if (!address) return;
      clearTimeout(timer);
      resolve(address);
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`Fairdrop ended with ${signal ?? `code ${code}`} before it was up.`));
    });
  });
}
