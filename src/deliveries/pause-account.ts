import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import { newId } from '../ids.ts';
import { probeWait } from './probe-wait.ts';

/** As a send that meets the same answer does it: src/deliveries/store.ts. */
const pauseStatement: Statement = {
  name: 'deliveries-pause-account',
  text: `
    with paused as (
      update accounts a
      set state = 'paused', state_reason = $3, updated_at = $5, probes = 0,
          probe_at = $5::timestamptz + ${probeWait('0', '$3')}
      where id = $1 and state = 'active' and credentials = $2
      returning id, workspace_id
    ),
    alert as (
      insert into alerts (id, workspace_id, account_id, kind, detail, raised_at)
      select $6, workspace_id, id, 'account_paused', jsonb_build_object('reason', $3::text, 'said', $4::text), $5
      from paused
      on conflict (account_id, kind) where cleared_at is null do update set detail = excluded.detail
    )
    insert into ledger_entries (id, workspace_id, at, kind, account_id, detail)
    select $7, workspace_id, $5, 'account.paused', id, jsonb_build_object('reason', $3::text, 'said', $4::text)
    from paused`,
};

/** Pauses an account that the platform stopped, unless its credentials were renewed since. */
export async function pauseAccount(
  db: pg.Pool | pg.ClientBase,
  account: { id: string; credentials: Buffer },
  why: { reason: string; detail: string },
  now: Date,
): Promise<void> {
  const values = [account.id, account.credentials, why.reason, why.detail, now, newId(), newId()];
  await runStatement(db, pauseStatement, values);
}
