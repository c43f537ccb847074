import pg from 'pg';
import { expect } from 'vitest';
import { findFaults } from '../../src/records/integrity.ts';

/** One statement over a connection of its own. */
export async function query(url: string, sql: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: url });
  // A server that goes down while we disconnect is the business of the test, not of the process.
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** What `npm run fairdrop -- check` looks for is not there. */
export async function expectSound(url: string): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  try {
    expect(await findFaults(pool)).toEqual([]);
  } finally {
    await pool.end();
  }
}
