import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';

/** Some tenths of a second's work. What a busy ten seconds leave is a fraction of it. */
const batchSize = 50_000;

/**
 * Counts change with every statement on the hot path, which therefore only notes the change (the `…_tally` triggers of the
 * database). Here the notes are taken away and added up, in one statement: whoever reads meanwhile sees either the notes
 * or their sum, and if we die here, the notes are still there. `skip locked` lets several processes do it at once; they
 * lock the sums in one order.
 */
const fold: Statement = {
  name: 'tallies-fold',
  text: `
    with taken as (
      delete from tally_changes where ctid = any(array(
        select ctid from tally_changes limit ${batchSize} for update skip locked))
      returning workspace_id, subject, state, label, change
    ),
    added as (
      insert into tallies (workspace_id, subject, state, label, count)
      select workspace_id, subject, state, label, sum(change) from taken
      group by workspace_id, subject, state, label
      order by workspace_id, subject, state, label
      on conflict (workspace_id, subject, state, label) do update set count = tallies.count + excluded.count
    )
    select count(*)::int as folded from taken`,
};

/** @returns how many notes were folded; a full batch means that there may be more */
export async function foldTallies(pool: pg.Pool): Promise<number> {
  const [row] = await runStatement<{ folded: number }>(pool, fold, []);
  return row?.folded ?? 0;
}

/** Until none are left, or so many came meanwhile that the next round may have them. */
export async function foldAllTallies(pool: pg.Pool): Promise<void> {
  for (let batch = 0; batch < 20; batch += 1) if ((await foldTallies(pool)) < batchSize) return;
}
