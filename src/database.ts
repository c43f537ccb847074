import type pg from 'pg';
import { type Config, StartupError } from './config.ts';
import { localKeyFile, makeLocalKey, readLocalKey } from './crypto/local-key.ts';
import { createSecretBox, parseEncryptionKeys, type SecretBox } from './crypto/secret-box.ts';
import { type EmbeddedPostgres, EmbeddedPostgresError, startEmbeddedPostgres } from './db/embedded.ts';
import type { PrismaClient } from './db/generated/client.ts';
import { MigrationError, migrate } from './db/migrate.ts';
import { createPool } from './db/pool.ts';

const watchMs = 2_000;

/** The connections of one Fairdrop process to its database, and the key to what is encrypted in it. */
export interface Database {
  url: string;
  /** For people: which database it is, without its password. */
  label: string;
  pool: pg.Pool;
  /** The same client each time. It takes some 40 MB, which a process that sends does without. */
  openPrisma(): Promise<PrismaClient>;
  secretBox: SecretBox;
  close(): Promise<void>;
}

/**
 * Finds or starts the database and brings its schema up to date.
 * @param log.line for a person who is watching, `log.error` for what breaks later, `log.lost` when the embedded server
 *   has ended, which nobody else would start again
 * @throws StartupError with one sentence that says what to do
 */
export async function openDatabase(
  config: Config,
  log: { line: (text: string) => void; error: (error: unknown) => void; lost?: () => void },
): Promise<Database> {
  const given = config.encryptionKey ? givenBox(config.encryptionKey) : undefined;
  const embedded = config.databaseUrl ? null : await startEmbedded(config.dataDir, log.line);
  const url = config.databaseUrl ?? embedded?.url ?? '';
  try {
    await migrate(url, { queueSchema: config.redisUrl === undefined });
  } catch (error) {
    await embedded?.stop();
    throw asStartupError(error, url);
  }
  const pool = createPool(url, log.error);
  let prisma: Promise<PrismaClient> | undefined;
  const openPrisma = () => {
    prisma ??= createPrisma(url, log.error);
    return prisma;
  };
  const watch = embedded && setInterval(() => embedded.isRunning() || log.lost?.(), watchMs).unref();
  const close = async () => {
    clearInterval(watch ?? undefined);
    await Promise.allSettled([pool.end(), prisma?.then((client) => client.$disconnect())]);
    await embedded?.stop();
  };
  try {
    const neededIds = await neededKeys(pool);
    const secretBox = given ?? (await ownBox(config.dataDir, neededIds));
    const missing = neededIds.filter((id) => !secretBox.has(id));
    if (missing.length > 0) throw otherKey(missing, given ? undefined : localKeyFile(config.dataDir));
    return {
      url,
      label: embedded ? labelOf(embedded) : withoutPassword(url),
      pool,
      openPrisma,
      secretBox,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function labelOf({ dataDir, startedHere }: EmbeddedPostgres): string {
  const end = startedHere ? '' : '; it is that of another process, and ends with it';
  return `embedded PostgreSQL, data in ${dataDir}${end}`;
}

async function createPrisma(
  connectionString: string,
  onError: (error: unknown) => void,
): Promise<PrismaClient> {
  const [{ PrismaPg }, { PrismaClient }] = await Promise.all([
    import('@prisma/adapter-pg'),
    import('./db/generated/client.ts'),
  ]);
  return new PrismaClient({
    adapter: new PrismaPg(
      { connectionString, max: 6, connectionTimeoutMillis: 5_000, statement_timeout: 30_000 },
      { onPoolError: onError, onConnectionError: onError },
    ),
  });
}

/** The ids of the keys that the credentials of accounts are encrypted with. */
async function neededKeys(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    'select distinct credentials_key_id as id from accounts where credentials_key_id is not null',
  );
  return rows.map(({ id }) => id);
}

/** With another key every account would fail at its first message. @param file where ours came from, if from a file */
function otherKey(missing: readonly string[], file: string | undefined): StartupError {
  const encrypted = `with which the credentials of accounts in this database were encrypted (${missing.join(', ')})`;
  return new StartupError(
    file
      ? `The key in ${file} is not the one ${encrypted}: put that one back from a backup.`
      : `ENCRYPTION_KEY is not the key ${encrypted}: set it to that one, or unset it where the database is the embedded one.`,
  );
}

async function startEmbedded(dataDir: string, line: (text: string) => void): Promise<EmbeddedPostgres> {
  try {
    return await startEmbeddedPostgres({ dataDir, log: line });
  } catch (error) {
    throw error instanceof EmbeddedPostgresError ? new StartupError(error.message) : error;
  }
}

function givenBox(keys: string): SecretBox {
  try {
    return createSecretBox(parseEncryptionKeys(keys));
  } catch (error) {
    throw new StartupError(`${(error as Error).message}.`);
  }
}

/** With the key that an installation makes for itself beside its database, as long as nothing needs an earlier one. */
async function ownBox(dataDir: string, neededIds: readonly string[]): Promise<SecretBox> {
  const file = localKeyFile(dataDir);
  let key: string | undefined;
  try {
    key = await readLocalKey(dataDir);
    if (key === undefined && neededIds.length === 0) key = await makeLocalKey(dataDir);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new StartupError(
      `The encryption key cannot be kept in ${file} (${code}): make it accessible, or set DATA_DIR to another directory.`,
    );
  }
  if (key === undefined) {
    throw new StartupError(
      `The key file ${file} is missing, and without it the credentials of accounts in this database cannot be read: put it back from a backup, or, where there is none, start over with another DATA_DIR.`,
    );
  }
  try {
    return createSecretBox(parseEncryptionKeys(key));
  } catch {
    throw new StartupError(
      `The key in ${file} is damaged: restore it from a backup, because without it the stored credentials cannot be read.`,
    );
  }
}

/** What the driver says without a code: of a server that is something else, and of one that it cannot agree with. */
const notPostgres =
  /^(Connection terminated|Received unexpected|There was an error establishing an SSL connection)/;
const disagreement = /^(SASL|The server does not support SSL connections)/;

function asStartupError(error: unknown, url: string): Error {
  if (error instanceof MigrationError) return new StartupError(error.message);
  const code = (error as { code?: unknown } | null)?.code;
  const where = withoutPassword(url);
  if (code === '28P01' || code === '28000') {
    return new StartupError(`PostgreSQL at ${where} refuses this user or password: correct DATABASE_URL.`);
  }
  if (code === '3D000') {
    return new StartupError(
      `PostgreSQL at ${where} has no such database: create it, or correct DATABASE_URL.`,
    );
  }
  if (error instanceof Error && /timeout/i.test(error.message)) {
    return new StartupError(
      `PostgreSQL at ${where} does not answer: look at the server, or correct DATABASE_URL.`,
    );
  }
  const unreachable = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ECONNRESET'];
  if (typeof code === 'string' && unreachable.includes(code)) {
    return new StartupError(
      `PostgreSQL cannot be reached at ${where} (${code}): start it, correct DATABASE_URL, or unset it to use the embedded one.`,
    );
  }
  if (error instanceof Error && notPostgres.test(error.message)) {
    return new StartupError(
      `What listens at ${where} does not answer as PostgreSQL does (${error.message}): look at the server, or correct DATABASE_URL.`,
    );
  }
  if (error instanceof Error && (typeof code === 'string' || disagreement.test(error.message))) {
    return new StartupError(
      `PostgreSQL at ${where} cannot be used (${error.message}): correct DATABASE_URL.`,
    );
  }
  return error instanceof Error ? error : new Error(String(error));
}

function withoutPassword(url: string): string {
  const { username, host, pathname } = new URL(url);
  return `postgres://${username ? `${username}@` : ''}${host}${pathname}`;
}
