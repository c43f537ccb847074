import pg from 'pg';

/**
 * Drops databases and disconnects whoever of us is still there. `DROP … WITH (FORCE)` would also want to end an
 * autovacuum worker that happens to be in one, which a role that is no superuser may not; a plain drop waits for it.
 * @param pattern of their names, for LIKE
 */
export async function dropDatabases(serverUrl: string, pattern: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      'SELECT quote_ident(datname) AS name FROM pg_database WHERE datname LIKE $1',
      [pattern],
    );
    for (const { name } of rows) {
      await client.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await client.query(
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
         WHERE quote_ident(datname) = $1 AND usename = current_user`,
        [name],
      );
      await client.query(`DROP DATABASE IF EXISTS ${name}`);
    }
  } finally {
    await client.end();
  }
}
