import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import { type AccountId, newId } from '../ids.ts';
import type { AlertKind } from './kinds.ts';

export interface Concern {
  accountId: AccountId;
  detail: Record<string, unknown>;
}

const syncStatement: Statement = {
  name: 'alerts-sync',
  text: `
    with current as materialized (
      select * from json_to_recordset($1::json) as c(id uuid, account_id uuid, detail jsonb)
    ),
    raised as (
      insert into alerts (id, workspace_id, account_id, kind, detail, raised_at)
      select c.id, a.workspace_id, a.id, $2, c.detail, $3
      from current c join accounts a on a.id = c.account_id
      order by a.id
      on conflict (account_id, kind) where cleared_at is null do update set detail = excluded.detail
      where alerts.detail is distinct from excluded.detail
      returning id, account_id, detail
    ),
    cleared as (
      update alerts set cleared_at = $3
      where kind = $2 and cleared_at is null and account_id not in (select account_id from current)
    )
    select raised.account_id, raised.detail from raised join current using (id)`,
};

/**
 * Makes the open alerts of a kind those that are given: new ones are raised, known ones updated, the others cleared.
 * @returns the new ones
 */
export async function syncAlerts(
  pool: pg.Pool,
  kind: AlertKind,
  concerns: readonly Concern[],
  now: Date,
): Promise<Concern[]> {
  const current = concerns.map(({ accountId, detail }) => ({ id: newId(), account_id: accountId, detail }));
  const rows = await runStatement<{ account_id: string; detail: Record<string, unknown> }>(
    pool,
    syncStatement,
    [JSON.stringify(current), kind, now],
  );
  return rows.map((row) => ({ accountId: row.account_id, detail: row.detail }));
}
