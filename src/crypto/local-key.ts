import { randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * The encryption key of an installation that keeps its own database lies beside the data, with the owner's permissions
 * only. Whoever can read the file can read the database as well.
 */
export function localKeyFile(dataDir: string): string {
  return path.join(dataDir, 'encryption.key');
}

/** @returns undefined when there is none */
export async function readLocalKey(dataDir: string): Promise<string | undefined> {
  try {
    return (await readFile(localKeyFile(dataDir), 'utf8')).trim();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Of several processes that make the key at once one wins, and all use its: the file is there whole or not at all. */
export async function makeLocalKey(dataDir: string): Promise<string> {
  const file = localKeyFile(dataDir);
  const key = randomBytes(32).toString('base64');
  const partial = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(partial, `${key}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await link(partial, file);
    return key;
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    return (await readLocalKey(dataDir)) ?? key;
  } finally {
    await rm(partial, { force: true });
  }
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
