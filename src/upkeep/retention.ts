import type pg from 'pg';

const dayMs = 24 * 60 * 60_000;
const batchSize = 5_000;

/**
 * Deletes events that led to nothing and are older than they need to be. What led to a delivery stays, as do deliveries,
 * messages and the ledger.
 * @returns how many; a full batch means that there may be more
 */
export async function purgeEvents(pool: pg.Pool, retentionDays: number, now: Date): Promise<number> {
  const receivedBefore = new Date(now.getTime() - retentionDays * dayMs);
  const { rowCount } = await pool.query(
    `delete from events where id in (
       select id from events where outcome = 'skipped' and received_at < $1
       order by received_at limit ${batchSize} for update skip locked)`,
    [receivedBefore],
  );
  return rowCount ?? 0;
}
