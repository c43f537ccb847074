/**
 * Brings a database up to this program's `prisma/migrations`, without Prisma's schema engine, which has to be
 * downloaded. The record is Prisma's own table with Prisma's checksums, under the lock that Prisma takes, so that
 * `prisma migrate status` and `prisma migrate deploy` agree and can be used instead.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, type DatabaseError } from 'pg';

/** The database and the migrations of this program do not fit; the message says what to do. */
export class MigrationError extends Error {
  override name = 'MigrationError';
}

export interface MigrateOptions {
  /** A directory in Prisma's layout: `<timestamp>_<name>/migration.sql`. */
  migrationsDir?: URL | string;
  /** Also create or upgrade BullMQ's schema `bullmq`, for a queue that lives in this database. */
  queueSchema?: boolean;
}

interface Migration {
  name: string;
  sql: string;
}

interface Recorded {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
}

/** A server that takes the connection and then says nothing must not hold up a start for ever. */
const connectTimeoutMs = 10_000;

/** `prisma migrate` takes the advisory lock of this number. */
const prismaLock = 72707369;

const createRecord = `
CREATE TABLE "_prisma_migrations" (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`;

/**
 * Waits while another process migrates. Needs a connection to PostgreSQL itself: a pooler that hands out a session
 * per transaction would lose the lock.
 * @returns the names of the migrations that this call applied, in order
 * @throws MigrationError when a migration fails or does not fit what the database has recorded
 */
export async function migrate(
  databaseUrl: string,
  options: MigrateOptions = {},
): Promise<{ applied: string[] }> {
  const migrations = readMigrations(
    options.migrationsDir ?? new URL('../../prisma/migrations', import.meta.url),
  );
  const client = new Client({
    connectionString: databaseUrl,
    application_name: 'fairdrop-migrate',
    connectionTimeoutMillis: connectTimeoutMs,
  });
  // A connection that breaks also fails the query that waits on it.
  client.on('error', () => {});
  await client.connect();
  try {
    // Neither the wait for the lock nor an index on a large table may run into a time limit of the role.
    await client.query('SET statement_timeout = 0; SET lock_timeout = 0; SET idle_session_timeout = 0');
    // Held by the session: if we die here, the server lets go of it.
    await client.query('SELECT pg_advisory_lock($1)', [prismaLock]);
    // Asked first: a role that may not create tables can still start on a database that is up to date.
    const { rows: found } = await client.query(
      `SELECT to_regclass('"_prisma_migrations"') IS NOT NULL AS present`,
    );
    if (!found[0].present) await client.query(createRecord);
    const { rows: recorded } = await client.query<Recorded>(
      `SELECT migration_name, checksum, finished_at FROM "_prisma_migrations"
        WHERE rolled_back_at IS NULL ORDER BY started_at`,
    );
    const pending = findPending(migrations, recorded);
    for (const migration of pending) await apply(client, migration);
    if (options.queueSchema) {
      const { runMigrations } = await import('bullmq');
      await runMigrations(client);
    }
    return { applied: pending.map(({ name }) => name) };
  } finally {
    await client.end();
  }
}

function readMigrations(dir: URL | string): Migration[] {
  const root = dir instanceof URL ? fileURLToPath(dir) : dir;
  return readdirSync(root)
    .map((name) => ({ name, file: path.join(root, name, 'migration.sql') }))
    .filter(({ file }) => existsSync(file))
    .map(({ name, file }) => ({ name, sql: readFileSync(file, 'utf8') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function findPending(migrations: Migration[], recorded: Recorded[]): Migration[] {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { migration_name: name, checksum, finished_at } of recorded) {
    const migration = byName.get(name);
    if (!migration) {
      throw new MigrationError(
        `The database has the migration ${name}, which this program does not know: it was made by a newer Fairdrop; start that version, or use another database.`,
      );
    }
    if (!finished_at) {
      throw new MigrationError(
        `The migration ${name} was started by "prisma migrate" and did not finish: repair the database and mark it with "prisma migrate resolve".`,
      );
    }
    if (!checksums(migration.sql).includes(checksum)) {
      throw new MigrationError(
        `The migration ${name} was edited after it had been applied to this database: restore its migration.sql and put the change into a new migration.`,
      );
    }
  }
  const done = new Set(recorded.map((row) => row.migration_name));
  return migrations.filter(({ name }) => !done.has(name));
}

/** The first is what we record; like Prisma, we forgive a checkout that changed only the line ends. */
function checksums(sql: string): string[] {
  const unix = sql.replaceAll('\r\n', '\n');
  return [sql, unix, unix.replaceAll('\n', '\r\n')].map((text) =>
    createHash('sha256').update(text).digest('hex'),
  );
}

/** If we die here, the transaction is rolled back and the next start tries again. */
async function apply(client: Client, { name, sql }: Migration): Promise<void> {
  const startedAt = new Date();
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations"
         (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, $4, clock_timestamp(), 1)`,
      [randomUUID(), checksums(sql)[0], name, startedAt],
    );
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw new MigrationError(
      `The migration ${name} failed and was rolled back: ${describe(error as DatabaseError, sql)}`,
      { cause: error },
    );
  }
}

/** What the server says, and where in the file when it knows. */
function describe(error: DatabaseError, sql: string): string {
  const facts = [
    error.message,
    error.code && `SQLSTATE ${error.code}`,
    error.detail,
    error.hint,
    error.where,
  ];
  const position = Number(error.position);
  if (position) {
    // The server counts characters, JavaScript UTF-16 units.
    const before = [...sql].slice(0, position - 1).join('');
    const line = before.split('\n').length;
    facts.push(`line ${line}: ${sql.split('\n')[line - 1]?.trim()}`);
  }
  return facts.filter(Boolean).join('; ');
}
