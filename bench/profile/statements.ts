/** What a stretch of work asked of PostgreSQL and Redis, as they count it themselves. */
import { Redis } from 'ioredis';
import type { BenchPostgres } from '../servers/postgres.ts';

export interface StatementCount {
  statement: string;
  calls: number;
  totalMs: number;
  walBytes: number;
}

export interface ServerWork {
  statements: StatementCount[];
  commits: number;
  walBytes: number;
  redisCommands: Record<string, number>;
}

/** @returns a function that tells what was done since */
export async function watchServers(
  postgres: BenchPostgres,
  databaseUrl: string,
  redisUrl: string,
): Promise<() => Promise<ServerWork>> {
  const client = await postgres.superuser(new URL(databaseUrl).pathname.slice(1));
  const redis = new Redis(redisUrl);
  await client.query('create extension if not exists pg_stat_statements');
  const commits = async () => {
    // What sessions have counted for themselves is told with a delay.
    await client.query('select pg_stat_force_next_flush()');
    const { rows } = await client.query(
      'select xact_commit::int as commits from pg_stat_database where datname = current_database()',
    );
    return rows[0].commits as number;
  };
  const commitsBefore = await commits();
  await client.query('select pg_stat_statements_reset()');
  await redis.config('RESETSTAT');
  return async () => {
    const { rows } = await client.query<{ query: string; calls: number; ms: number; wal: number }>(
      `select query, calls::int, total_exec_time as ms, wal_bytes::float8 as wal from pg_stat_statements
       where dbid = (select oid from pg_database where datname = current_database()) and query not like '%pg_stat%'
       order by total_exec_time desc`,
    );
    const info = await redis.info('commandstats');
    const after = await commits();
    await client.end();
    redis.disconnect();
    return {
      statements: rows.map(({ query, calls, ms, wal }) => ({
        statement: shorten(query),
        calls,
        totalMs: ms,
        walBytes: wal,
      })),
      commits: after - commitsBefore,
      walBytes: rows.reduce((sum, { wal }) => sum + wal, 0),
      redisCommands: Object.fromEntries(
        [...info.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map(([, name, calls]) => [name, Number(calls)]),
      ),
    };
  };
}

/** What it writes tells more of a statement than how it begins. */
function shorten(query: string): string {
  const text = query.replaceAll(/\s+/g, ' ').trim();
  const writes = [...text.matchAll(/(insert into|update) (\w+)/g)].map(([, verb, table]) =>
    verb === 'update' ? `${table}~` : `${table}+`,
  );
  return writes.length > 1 ? `with … ${writes.join(' ')}` : text.slice(0, 90);
}
