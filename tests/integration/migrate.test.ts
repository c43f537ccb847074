import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrationHistory } from '../../scripts/schema-diff.ts';
import { migrate } from '../../src/db/migrate.ts';
import { temporaryDirectory } from '../support/servers.ts';
import { createDatabase, type TestDatabase } from '../support/services.ts';
import { query } from '../support/sql.ts';

let database: TestDatabase;
let directory: ReturnType<typeof temporaryDirectory>;

beforeEach(async () => {
  database = await createDatabase({ empty: true });
  directory = temporaryDirectory('migrations');
});

afterEach(async () => {
  await database.drop();
  directory.remove();
});

const first = '20260101000000_first';
const second = '20260202000000_second';

function write(name: string, sql: string) {
  mkdirSync(path.join(directory.dir, name), { recursive: true });
  writeFileSync(path.join(directory.dir, name, 'migration.sql'), sql);
}

const run = () => migrate(database.url, { migrationsDir: directory.dir });

const recorded = () =>
  query(
    database.url,
    `SELECT migration_name AS name, applied_steps_count AS steps, finished_at IS NOT NULL AS finished, logs
       FROM _prisma_migrations ORDER BY started_at`,
  );

async function tables(schema: string): Promise<string[]> {
  const rows = await query(database.url, 'SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY 1', [
    schema,
  ]);
  return rows.map(({ tablename }) => tablename);
}

function onDisk(dir: URL | string) {
  const root = dir instanceof URL ? dir.pathname : dir;
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, sql: readFileSync(path.join(root, name, 'migration.sql'), 'utf8') }));
}

describe('the migrations of this repository', () => {
  const ours = new URL('../../prisma/migrations', import.meta.url);
  const names = onDisk(ours).map(({ name }) => name);

  it('are applied to an empty database, once', async () => {
    expect(await migrate(database.url)).toEqual({ applied: names.toSorted() });
    expect(await tables('public')).toEqual(expect.arrayContaining(['events', 'ledger_entries', 'messages']));
    expect(await migrate(database.url)).toEqual({ applied: [] });
    expect(await recorded()).toHaveLength(names.length);
  });

  it('leave a record that Prisma itself agrees with', async () => {
    await migrate(database.url);
    expect(await migrationHistory(database.url, onDisk(ours))).toMatchObject({
      hasMigrationsTable: true,
      editedMigrationNames: [],
      failedMigrationNames: [],
      history: null,
    });
    const edited = onDisk(ours).map(({ name, sql }) => ({ name, sql: `${sql}-- edited` }));
    expect((await migrationHistory(database.url, edited)).editedMigrationNames.toSorted()).toEqual(
      names.toSorted(),
    );
  });

  it('create the queue in the database only when asked', async () => {
    await migrate(database.url);
    expect(await tables('bullmq')).toEqual([]);
    await migrate(database.url, { queueSchema: true });
    expect(await tables('bullmq')).toContain('migration');
  });
});

describe('several processes', () => {
  it('that start at once apply each migration once', async () => {
    write(first, 'CREATE TABLE numbers (n int)');
    write(second, 'INSERT INTO numbers VALUES (1)');
    const results = await Promise.all([run(), run(), run(), run()]);
    expect(results.flatMap(({ applied }) => applied)).toEqual([first, second]);
    expect(await query(database.url, 'SELECT n FROM numbers')).toEqual([{ n: 1 }]);
  });

  it('wait for the one that holds the lock, also if that is Prisma', async () => {
    write(first, 'CREATE TABLE numbers (n int)');
    const prisma = new pg.Client({ connectionString: database.url });
    await prisma.connect();
    await prisma.query('SELECT pg_advisory_lock(72707369)');
    const running = run();
    const waiting = () =>
      query(
        database.url,
        `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
    await expect.poll(waiting).toEqual([{ n: 1 }]);
    expect(await tables('public')).toEqual([]);
    await prisma.end();
    expect(await running).toEqual({ applied: [first] });
  });
});

describe('a migration that is new', () => {
  it('is applied after those before it, in the order of the names', async () => {
    write(second, 'ALTER TABLE numbers ADD COLUMN added int');
    write(first, 'CREATE TABLE numbers (n int)');
    expect(await run()).toEqual({ applied: [first, second] });
    write('20260303000000_third', 'DROP TABLE numbers');
    expect(await run()).toEqual({ applied: ['20260303000000_third'] });
  });

  it('is rolled back as a whole when it fails, and those before it stay', async () => {
    write(first, 'CREATE TABLE numbers (n int)');
    write(second, 'CREATE TABLE half (n int);\n\nALTER TABLE missing ADD COLUMN x int;\nSELECT 1;');
    await expect(run()).rejects.toThrow(
      /20260202000000_second failed and was rolled back: relation "missing" does not exist; SQLSTATE 42P01/,
    );
    expect(await tables('public')).toEqual(['_prisma_migrations', 'numbers']);
    expect(await recorded()).toEqual([{ name: first, steps: 1, finished: true, logs: null }]);

    write(second, 'CREATE TABLE whole (n int)');
    expect(await run()).toEqual({ applied: [second] });
  });

  it('is rolled back also when it cannot be recorded', async () => {
    write(first, 'CREATE TABLE half (n int); ALTER TABLE _prisma_migrations RENAME TO elsewhere;');
    await expect(run()).rejects.toThrow(`${first} failed and was rolled back`);
    expect(await tables('public')).toEqual(['_prisma_migrations']);
  });

  it('names the line of a mistake, also after characters outside the basic plane', async () => {
    write(first, "SELECT '🎁🎁🎁';\nCREATE TABLE ok (n int);\nCREATE TABEL wrong (n int);\n");
    await expect(run()).rejects.toThrow('line 3: CREATE TABEL wrong (n int);');
  });
});

describe('a database that does not fit this program', () => {
  beforeEach(async () => {
    write(first, 'CREATE TABLE numbers (n int);\n');
    write(second, 'CREATE TABLE letters (c text);\n');
    await run();
  });

  it('is refused when an applied migration was edited', async () => {
    write(first, 'CREATE TABLE numbers (n bigint);\n');
    write('20260303000000_third', 'CREATE TABLE third (n int)');
    await expect(run()).rejects.toThrow(`The migration ${first} was edited`);
    expect(await tables('public')).not.toContain('third');
  });

  it('is accepted when a checkout only changed the line ends', async () => {
    write(first, 'CREATE TABLE numbers (n int);\r\n');
    expect(await run()).toEqual({ applied: [] });
  });

  it('is refused when it has a migration that this program does not know', async () => {
    rmSync(path.join(directory.dir, second), { recursive: true });
    await expect(run()).rejects.toThrow(
      `The database has the migration ${second}, which this program does not know`,
    );
  });

  it('is refused while a migration that Prisma began is unfinished', async () => {
    await query(database.url, 'UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = $1', [
      second,
    ]);
    await expect(run()).rejects.toThrow(`${second} was started by "prisma migrate" and did not finish`);
    await query(
      database.url,
      'UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = $1',
      [second],
    );
    await query(database.url, 'DROP TABLE letters');
    expect(await run()).toEqual({ applied: [second] });
  });
});

describe('what must never change', () => {
  const id = '00000000-0000-7000-8000-000000000001';

  beforeEach(async () => {
    await migrate(database.url);
    for (const statement of [
      `INSERT INTO workspaces (id, name) VALUES ('${id}', 'w')`,
      `INSERT INTO accounts (id, workspace_id, platform, external_id, state)
       VALUES ('${id}', '${id}', 'instagram', '1', 'disconnected')`,
      `INSERT INTO resources (id, workspace_id, name, kind, text) VALUES ('${id}', '${id}', 'r', 'text', 't')`,
      `INSERT INTO triggers (id, workspace_id, account_id, version) VALUES ('${id}', '${id}', '${id}', 1)`,
      `INSERT INTO trigger_versions
         (trigger_id, version, account_id, revision, resource_id, name, state, priority, definition)
       VALUES ('${id}', 1, '${id}', 1, '${id}', 't', 'active', 0, '{}')`,
      `INSERT INTO ledger_entries (id, workspace_id, kind) VALUES ('${id}', '${id}', 'test')`,
    ]) {
      await query(database.url, statement);
    }
  });

  it.each([
    "UPDATE ledger_entries SET kind = 'other'",
    'DELETE FROM ledger_entries',
    'TRUNCATE ledger_entries',
    'TRUNCATE workspaces CASCADE',
  ])('the ledger refuses %s', async (statement) => {
    await expect(query(database.url, statement)).rejects.toThrow(/refused$/);
    expect(await query(database.url, 'SELECT kind FROM ledger_entries')).toEqual([{ kind: 'test' }]);
  });

  it.each(["UPDATE trigger_versions SET name = 'other'", 'DELETE FROM trigger_versions'])(
    'a trigger version refuses %s',
    async (statement) => {
      await expect(query(database.url, statement)).rejects.toThrow('a trigger version never changes');
      expect(await query(database.url, 'SELECT name FROM trigger_versions')).toEqual([{ name: 't' }]);
    },
  );
});
