import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPool, inPoolTransaction } from '../../src/db/pool.ts';
import { createDatabase, type TestDatabase } from '../support/services.ts';
import { query } from '../support/sql.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

it('a connection that breaks between two statements of a transaction fails it, and nothing else', async () => {
  const pool = createPool(database.url, () => {});
  const broken = inPoolTransaction(pool, async (client) => {
    const { rows } = await client.query('select pg_backend_pid() as pid');
    const gone = new Promise<void>((resolve) => client.once('end', resolve));
    await query(database.url, `select pg_terminate_backend(${rows[0].pid})`);
    await gone;
    return client.query('select 1');
  });
  await expect(broken).rejects.toThrow();
  expect(
    await inPoolTransaction(pool, async (client) => (await client.query('select 2 as two')).rows),
  ).toEqual([{ two: 2 }]);
  await pool.end();
});

it('what fails is rolled back', async () => {
  const pool = createPool(database.url, () => {});
  await query(database.url, 'create table sample (n int)');
  const failing = inPoolTransaction(pool, async (client) => {
    await client.query('insert into sample values (1)');
    throw new Error('not this');
  });
  await expect(failing).rejects.toThrow('not this');
  expect(await query(database.url, 'select * from sample')).toEqual([]);
  await pool.end();
});
