import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * The encryption key of an installation that keeps its own database: made on the first start, kept beside the data
 * with the owner's permissions only. Whoever can read the file can read the database as well.
 */
export async function localEncryptionKey(dataDir: string): Promise<string> {
  const file = localKeyFile(dataDir);
  try {
    await mkdir(dataDir, { recursive: true });
    await writeFile(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!existsSync(file)) throw error;
  }
  return (await readFile(file, 'utf8')).trim();
}

export function localKeyFile(dataDir: string): string {
  return path.join(dataDir, 'encryption.key');
}
