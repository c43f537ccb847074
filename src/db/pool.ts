import pg from 'pg';

/**
 * The pool for the hot path: intake, claims and outcomes. The REST API goes through Prisma with connections of its
 * own, so that a burst of one never starves the other.
 * @param onError hears of idle connections that broke; the pool replaces them by itself
 */
export function createPool(databaseUrl: string, onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: 'fairdrop',
    // Every statement here finds its rows by a key. Planned while a table is nearly empty, as at the beginning of an
    // installation's first busy hour, it would read the whole of it, and keep doing so until the next ANALYZE.
    options: '-c enable_seqscan=off -c plan_cache_mode=force_generic_plan',
    // A plan for whatever values come is the right one for such statements, and planning one takes longer than running it.
    // Plans are made anew with what is known of the tables by then.
    maxLifetimeSeconds: 300,
    max: 10,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    // The first is the server's own; the second also holds where the server or the way to it hangs.
    statement_timeout: 12_000,
    query_timeout: 15_000,
    keepAlive: true,
  });
  pool.on('error', onError);
  return pool;
}

/** A statement under a fixed name: parsed and planned once per connection. */
export interface Statement {
  name: string;
  text: string;
}

const deadlockDetected = '40P01';
const serializationFailure = '40001';
const maxTries = 5;

/**
 * Runs a statement, again when it lost against another transaction: it was then rolled back as a whole, so repeating it
 * is safe. Inside a transaction, of which it is only a part, it is not repeated: see `inPoolTransaction`.
 */
export async function runStatement<Row extends pg.QueryResultRow>(
  db: pg.Pool | pg.ClientBase,
  statement: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  const run = async () => (await db.query<Row>({ ...statement, values: [...values] })).rows;
  return db instanceof pg.Pool ? untilWon(run) : run();
}

async function untilWon<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const state = sqlState(error);
      const lost = state === deadlockDetected || state === serializationFailure;
      if (!lost || attempt === maxTries) throw error;
    }
  }
}

/**
 * Several statements in one transaction, on one connection. Rolled back when `work` rejects, and done again from the
 * beginning when it lost against another transaction.
 */
export async function inPoolTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  return untilWon(() => tryTransaction(pool, work));
}

async function tryTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // While it is lent, nobody else listens: a connection that breaks between two statements would end the process.
  const onBroken = (error: Error) => {
    broken = error;
  };
  client.on('error', onBroken);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(onBroken);
    throw error;
  } finally {
    client.off('error', onBroken);
    client.release(broken);
  }
}

/** The SQLSTATE that the server gave; undefined for anything else, such as a broken connection. */
function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/**
 * Whether the server refused the data itself, so that the same data will never be taken: SQLSTATE classes 22 (data
 * exception), 23 (constraint) and 54 (limit exceeded). Everything else, known or not, may pass.
 */
export function isDataFault(error: unknown): boolean {
  return /^(22|23|54)/.test(sqlState(error) ?? '');
}
