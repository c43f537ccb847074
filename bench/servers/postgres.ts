/** The bench's own PostgreSQL: the embedded one with its defaults, so with fsync, in a directory of its own. */
import path from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { findPostmaster } from '../../src/db/embedded-postmaster.ts';

export interface BenchPostgres {
  /** Of the whole server, for its CPU time. */
  pid(): number;
  version: string;
  settings: Record<string, string>;
  /** @returns the address of a new, empty database */
  createDatabase(name: string): Promise<string>;
  /** A connection that may do everything. */
  superuser(database: string): Promise<pg.Client>;
  stop(): Promise<void>;
}

/** Two Fairdrops at their fullest, the bench itself, and room. */
const maxConnections = 200;

/** @param options.countStatements loads `pg_stat_statements`, which costs some CPU */
export async function startPostgres(
  dataDir: string,
  options: { countStatements?: boolean } = {},
): Promise<BenchPostgres> {
  const unconfigured = await startEmbeddedPostgres({ dataDir });
  const first = await connect(asSuperuser(unconfigured.url));
  await first.query(`alter system set max_connections = ${maxConnections}`);
  if (options.countStatements)
    await first.query(`alter system set shared_preload_libraries = pg_stat_statements`);
  await first.end();
  await unconfigured.stop();

  const server = await startEmbeddedPostgres({ dataDir });
  const withDatabase = (url: string, name: string) => Object.assign(new URL(url), { pathname: name }).href;
  const superuser = (name: string) => connect(withDatabase(asSuperuser(server.url), name));
  const client = await superuser('postgres');
  try {
    const { rows } = await client.query<{ name: string; setting: string }>(
      `select name, current_setting(name) as setting from pg_settings
       where name in ('server_version', 'fsync', 'synchronous_commit', 'shared_buffers', 'max_wal_size', 'max_connections')`,
    );
    const settings = Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
    if (settings.fsync !== 'on')
      throw new Error('fsync is off: what would be measured is not what is promised');
    return {
      pid: () => findPostmaster(path.join(server.dataDir, 'postgres'))?.pid ?? 0,
      version: settings.server_version ?? '',
      settings,
      async createDatabase(name) {
        await client.query(`create database ${client.escapeIdentifier(name)} owner fairdrop`);
        return withDatabase(server.url, name);
      },
      superuser,
      async stop() {
        await client.end().catch(() => {});
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

const asSuperuser = (url: string) => url.replace('//fairdrop:', '//postgres:');

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}
