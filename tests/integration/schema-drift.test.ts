import { afterAll, beforeAll, expect, it } from 'vitest';
import { schemaDiff } from '../../scripts/schema-diff.ts';
import { createDatabase, type TestDatabase } from '../support/services.ts';
import { query } from '../support/sql.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});

afterAll(() => database.drop());

it('schema.prisma says the same as the migrations', async () => {
  expect(await schemaDiff(database.url)).toBe('');
});

it('an index that only the database has is noticed', async () => {
  await query(database.url, 'CREATE INDEX forgotten ON contacts (username)');
  expect(await schemaDiff(database.url)).toContain('DROP INDEX "forgotten"');
});

it('a column that only schema.prisma has is noticed', async () => {
  await query(database.url, 'ALTER TABLE contacts DROP COLUMN username');
  expect(await schemaDiff(database.url)).toMatch(/ADD COLUMN\s+"username"/);
});
