/** Results as files: JSON that says under which circumstances it came about. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Stage } from '../stage.ts';

export const resultsDirectory = fileURLToPath(new URL('../results/', import.meta.url));

const require = createRequire(import.meta.url);
const versionOf = (name: string): string => require(`${name}/package.json`).version;

export interface Circumstances {
  date: string;
  commit: string | null;
  machine: { cpu: string; cores: number; memoryGb: number; kernel: string; loadBefore: number };
  versions: Record<string, string>;
  postgres: Record<string, string>;
  redis: string;
}

/** What there is to say where no database takes part. */
export function machineCircumstances(): Omit<Circumstances, 'postgres' | 'redis'> {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    commit: currentCommit(),
    machine: {
      cpu: cpu?.model ?? 'unknown',
      cores: cpus().length,
      memoryGb: Math.round(totalmem() / 2 ** 30),
      kernel: `${process.platform} ${release()}`,
      loadBefore: loadavg()[0] ?? 0,
    },
    versions: { node: process.versions.node, fairdrop: require('../../package.json').version },
  };
}

export function circumstances({ postgres, redis }: Stage): Circumstances {
  const around = machineCircumstances();
  return {
    ...around,
    versions: {
      ...around.versions,
      postgres: postgres.version,
      redis: redis.version,
      ...Object.fromEntries(['fastify', 'bullmq', 'undici', 'pg'].map((name) => [name, versionOf(name)])),
    },
    postgres: postgres.settings,
    redis: 'appendonly yes, appendfsync everysec',
  };
}

function currentCommit(): string | null {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
    const changed = git('status', '--porcelain', 'src') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' and changes' : ''}`;
  } catch {
    return null;
  }
}

/** @returns the path, for people */
export function writeResult(name: string, content: string): string {
  mkdirSync(resultsDirectory, { recursive: true });
  const file = path.join(resultsDirectory, name);
  writeFileSync(file, content);
  return path.relative(process.cwd(), file);
}

export function writeJson(name: string, value: unknown): string {
  const rounded = JSON.stringify(
    value,
    (_key, item) => (typeof item === 'number' ? Number(item.toPrecision(5)) : item),
    2,
  );
  // One list of numbers is one line.
  return writeResult(name, `${rounded.replace(/\[[\d\s.,eE+-]+\]/g, (list) => list.replace(/\s+/g, ' '))}\n`);
}
