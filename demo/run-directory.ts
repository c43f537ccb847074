import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { findPostmaster, isAlive } from '../src/db/embedded-postmaster.ts';

const prefix = 'demo-';

/**
 * A directory for this process alone, so that a demo that is kept running keeps its files. Those of demos that were
 * killed are removed first.
 */
export function createRunDirectory(parent: string): { dir: string; remove(): void } {
  removeAbandoned(parent);
  const dir = path.join(parent, `${prefix}${process.pid}`);
  const remove = () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  remove();
  mkdirSync(dir, { recursive: true });
  // PostgreSQL runs as another user where we are root.
  chmodSync(dir, 0o755);
  return { dir, remove };
}

function removeAbandoned(parent: string): void {
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const pid = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
    if (!Number.isSafeInteger(pid) || pid <= 0) continue;
    const dir = path.join(parent, name);
    // A Fairdrop can outlive the demo that started it: its files are still in use.
    if ((pid !== process.pid && isAlive(pid)) || findPostmaster(path.join(dir, 'postgres'))) continue;
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}
