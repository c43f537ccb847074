import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import type { MessageId } from '../ids.ts';
import type { MessageKind } from '../platforms/port.ts';
import type { SealedAccount } from './account.ts';
import { laneColumns } from './pacing.ts';

/** A message that this process, and no other, may now send. */
export interface ClaimedMessage {
  id: MessageId;
  kind: MessageKind;
  targetId: string;
  text: string;
  attempts: number;
  deadlineAt: Date;
  /** Whether an earlier attempt ended without a known outcome. */
  doubted: boolean;
  deliveryId: string;
  account: SealedAccount;
}

interface ClaimedRow {
  id: string;
  kind: MessageKind;
  target_id: string;
  text: string;
  attempts: number;
  deadline_at: Date;
  doubted: boolean;
  delivery_id: string;
  account_id: string;
  platform: string;
  external_id: string;
  credentials: Buffer;
  credentials_key_id: string;
}

/**
 * The compare-and-set that makes sending exclusive: `queued` becomes `sending` under a token, committed before any
 * byte leaves. Whoever finds a message already `sending` must not send it.
 *
 * What may not go out now stays: its slot has not come, its window is closed, its account is paused, its lane rests, or
 * too many calls were made already (`used_until`). A lane that refused some is laid out anew, which gives them their new
 * slots. The scheduler finds an abandoned lease by `wake_at`, which as a rule is long before its end and stays.
 */
const claimStatement: Statement = {
  name: 'deliveries-claim',
  text: `
    with candidate as materialized (
      select m.id, m.account_id, m.pace, m.deadline_at
      from messages m join accounts a on a.id = m.account_id and a.state = 'active'
      where m.id = any($1::uuid[]) and m.state = 'queued' and m.due_at <= $5 and m.deadline_at > $4
        and (m.kind <> 'direct_message' or exists (
          select from conversations c
          where c.account_id = m.account_id and c.external_id = m.target_id and c.window_ends_at > $4))
    ),
    lane as (
      select ${laneColumns}, greatest(p.used_until, $4::timestamptz) as used_until,
             coalesce(p.rest_until > $4, false) as rests
      from account_paces p
      where (p.account_id, p.pace) in (select account_id, pace from candidate)
      order by p.account_id, p.pace for no key update
    ),
    admitted as (
      select c.id
      from (
        select id, account_id, pace,
               row_number() over (partition by account_id, pace order by deadline_at, id) - 1 as place
        from candidate
      ) c
      join lane using (account_id, pace)
      where not lane.rests
        and lane.used_until + lane.step * c.place - lane.slack <= $4::timestamptz + least(lane.step, $5 - $4::timestamptz)
    ),
    taken as (
      update messages m
      set state = 'sending', lease_token = $2, lease_until = $3, attempts = m.attempts + 1, attempted_at = $4,
          wake_at = least(m.wake_at, $3)
      from admitted
      where m.id = admitted.id and m.id = any($1::uuid[]) and m.state = 'queued'
      returning m.id, m.kind, m.pace, m.target_id, m.text, m.attempts, m.deadline_at,
                m.doubted_at is not null as doubted, m.delivery_id, m.account_id
    ),
    counted as (
      update account_paces p
      set used_until = case when n.calls > 0 then lane.used_until + lane.step * n.calls else p.used_until end,
          relay_at = case when n.refused then least(p.relay_at, $4) else p.relay_at end
      from lane
      join lateral (
        select (select count(*) from taken t where t.account_id = lane.account_id and t.pace = lane.pace) as calls,
               exists (
                 select from candidate c
                 where c.account_id = lane.account_id and c.pace = lane.pace
                   and c.id not in (select id from admitted)) as refused
      ) n on true
      where p.account_id = lane.account_id and p.pace = lane.pace and (n.calls > 0 or n.refused)
    )
    select t.id, t.kind, t.target_id, t.text, t.attempts, t.deadline_at, t.doubted, t.delivery_id,
           a.id as account_id, a.platform, a.external_id, a.credentials, a.credentials_key_id
    from taken t join accounts a on a.id = t.account_id`,
};

/**
 * Clocks of different machines may be this far apart without a message missing its first wake. Of a lane's pace that
 * gives away one call at the most.
 */
const clockToleranceMs = 5_000;

const releaseStatement: Statement = {
  name: 'deliveries-release',
  text: `
    update messages
    set state = 'queued', lease_token = null, lease_until = null, attempts = attempts - 1
    where id = any($1::uuid[]) and state = 'sending' and lease_token = $2`,
};

/** Undoes a claim under which nothing was sent. */
export async function releaseClaim(pool: pg.Pool, ids: readonly MessageId[], token: string): Promise<void> {
  await runStatement(pool, releaseStatement, [ids, token]);
}

/**
 * @param lease.until must lie beyond the longest time a send can take, or a message in flight would look abandoned
 * @returns those of the messages that are due, not taken, and whose account may send
 */
export async function claimMessages(
  pool: pg.Pool,
  ids: readonly MessageId[],
  lease: { token: string; until: Date },
  now: Date,
): Promise<ClaimedMessage[]> {
  const dueBefore = new Date(now.getTime() + clockToleranceMs);
  const values = [ids, lease.token, lease.until, now, dueBefore];
  const rows = await runStatement<ClaimedRow>(pool, claimStatement, values);
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    targetId: row.target_id,
    text: row.text,
    attempts: row.attempts,
    deadlineAt: row.deadline_at,
    doubted: row.doubted,
    deliveryId: row.delivery_id,
    account: {
      id: row.account_id,
      platform: row.platform,
      externalId: row.external_id,
      credentials: row.credentials,
      credentialsKeyId: row.credentials_key_id,
    },
  }));
}
