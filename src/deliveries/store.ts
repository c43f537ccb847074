import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import { type DeliveryId, type MessageId, newId } from '../ids.ts';
import { slotCtes } from './pacing.ts';
import { probeWait } from './probe-wait.ts';
import type { Settlement } from './settle.ts';

export interface SettledRow {
  id: MessageId;
  deliveryId: DeliveryId;
  /**
   * What the message was when it was judged: the lease under which it was being sent, that it waited, or the attempt
   * (and where it matters the look-up) after which it was unconfirmed.
   */
  was: { leaseToken: string } | 'queued' | { attempts: number; lookUps: number | null };
  settlement: Settlement;
  /** The account's sealed credentials as they were claimed; null where none were used. */
  credentials: Buffer | null;
  /** Who decided, where it was a person: goes into the ledger. */
  resolvedBy?: { keyId: string | null; as: string };
}

/** An account that could send for a day before it was paused begins anew. */
const isLongAgo = `a.updated_at < $2::timestamptz - interval '1 day'`;

/**
 * Writes what follows from a group of sends: one statement, one commit. A settlement counts only while the message is
 * still in the state in which it was judged, under the same lease; `message` holds those that did, and everything else
 * hangs on it. A public reply that is released gets its slot (`slot`); who was not served may ask again (`unserved`);
 * rows are locked in the order in which intake locks them, contacts (`addressee`) before servings (`served`) before lanes.
 * An account is paused only while it still has the credentials that failed: somebody may have renewed them meanwhile. The
 * ledger takes its references from the rows themselves.
 */
const settleStatement: Statement = {
  name: 'deliveries-settle',
  text: `
    with input as materialized (
      select * from json_to_recordset($1::json) as o(
        id uuid, delivery_id uuid, was text, lease_token uuid, was_attempts int, was_look_ups int, state text, reason text,
        detail text, external_id text, due_at timestamptz, not_before timestamptz, look_up_at timestamptz, refund int,
        clears_doubt boolean, delivery_state text, delivery_reason text, held text,
        recipient_id text, rest_until timestamptz, closes_window boolean,
        pause_reason text, pause_detail text, pause_ledger_id uuid, pause_alert_id uuid, credentials text)
    ),
    addressee as materialized (
      select c.id, o.id as message_id, o.recipient_id
      from input o join deliveries d on d.id = o.delivery_id join contacts c on c.id = d.contact_id
      where o.recipient_id is not null and c.messaging_id is distinct from o.recipient_id
      order by c.account_id, c.external_id
      for no key update of c
    ),
    served as materialized (
      -- Lateral: whatever the planner thinks of servings, they are found by their key.
      select s.*
      from (
        select d.trigger_id, d.contact_id, array_agg(d.id) as delivery_ids
        from input o join deliveries d on d.id = o.delivery_id
        where o.delivery_state in ('failed', 'expired') and (select count(*) from addressee) >= 0
        group by d.trigger_id, d.contact_id order by d.trigger_id, d.contact_id
      ) u
      cross join lateral (
        select trigger_id, contact_id, scope from servings
        where trigger_id = u.trigger_id and contact_id = u.contact_id and delivery_id = any(u.delivery_ids)
        order by scope for update
      ) s
    ),
    released as (
      select h.id as message_id, h.account_id, h.pace, h.deadline_at
      from input o join messages h on h.delivery_id = o.delivery_id and h.state = 'held'
      where o.held = 'queued' and (select count(*) from served) >= 0
    ),
    rests as (
      select m.account_id, m.pace, max(o.rest_until) as rest_until
      from input o join messages m using (id)
      where o.rest_until is not null and (select count(*) from served) >= 0
      group by m.account_id, m.pace
    ),
    ${slotCtes('released', '$2', 'rests')},
    message as (
      update messages m
      set state = o.state, reason = o.reason, detail = o.detail, external_id = coalesce(o.external_id, m.external_id),
          attempts = m.attempts - o.refund, due_at = coalesce(o.due_at, m.due_at), not_before = o.not_before,
          wake_at = case o.state when 'queued' then coalesce(least(o.due_at, m.deadline_at), m.wake_at) end,
          doubted_at = case
            when o.state = 'unconfirmed' then coalesce(m.doubted_at, $2)
            when o.clears_doubt then null
            else m.doubted_at end,
          look_up_at = o.look_up_at,
          look_ups = case when o.state = 'unconfirmed' and o.was = 'sending' then 0 else m.look_ups end,
          lease_token = null, lease_until = null,
          settled_at = case when o.state in ('sent', 'failed', 'expired') then $2::timestamptz end
      from input o join deliveries d on d.id = o.delivery_id
      where m.id = o.id and m.id = any($5::uuid[]) and m.delivery_id = d.id and m.state = o.was
        and m.lease_token is not distinct from o.lease_token
        and (o.was_attempts is null or m.attempts = o.was_attempts)
        and (o.was_look_ups is null or m.look_ups = o.was_look_ups)
      returning m.id, m.delivery_id, m.account_id, m.workspace_id, m.pace, m.target_id,
                d.event_id, d.contact_id, d.trigger_id, d.resource_id
    ),
    closed as (
      update conversations c
      set window_ends_at = $2
      from message m join input o using (id)
      where o.closes_window and c.account_id = m.account_id and c.external_id = m.target_id and c.window_ends_at > $2
    ),
    delivery as (
      update deliveries d
      set state = o.delivery_state, reason = o.delivery_reason, settled_at = $2
      from message m join input o using (id)
      where d.id = m.delivery_id and d.state = 'waiting' and o.delivery_state is not null
      returning d.id, d.state, d.trigger_id, d.contact_id
    ),
    unserved as (
      delete from servings s using served, delivery d
      where d.state in ('failed', 'expired')
        and (s.trigger_id, s.contact_id, s.scope) = (served.trigger_id, served.contact_id, served.scope)
        and s.trigger_id = d.trigger_id and s.contact_id = d.contact_id and s.delivery_id = d.id
    ),
    held as (
      update messages h
      set state = o.held,
          due_at = coalesce(slot.due_at, $2),
          wake_at = case when o.held = 'queued' then
            case when slot.due_at > $2 then least(slot.due_at, h.deadline_at) else $3::timestamptz end end,
          reason = case o.held when 'cancelled' then 'private_message_not_sent' end,
          settled_at = case o.held when 'cancelled' then $2::timestamptz end
      from message m
      join input o using (id)
      join messages waiting on waiting.delivery_id = m.delivery_id and waiting.state = 'held'
      left join slot on slot.message_id = waiting.id
      where h.id = waiting.id and h.state = 'held' and o.held is not null
      returning h.id, h.state, h.due_at
    ),
    contact as (
      update contacts c
      set messaging_id = known.recipient_id
      from addressee known join message m on m.id = known.message_id
      where c.id = known.id
    ),
    paused as (
      update accounts a
      set state = 'paused', state_reason = p.pause_reason, updated_at = $2,
          probes = case when ${isLongAgo} then 0 else a.probes end,
          probe_at = $2::timestamptz + ${probeWait(`case when ${isLongAgo} then 0 else a.probes end`, 'p.pause_reason')}
      from (
        select distinct on (m.account_id) m.account_id, o.pause_reason, o.pause_detail, o.pause_ledger_id,
               o.pause_alert_id, o.credentials
        from message m join input o using (id)
        where o.pause_reason is not null
        order by m.account_id
      ) p
      where a.id = p.account_id and a.state = 'active' and a.credentials = decode(p.credentials, 'base64')
      returning a.id, a.workspace_id, p.pause_reason, p.pause_detail, p.pause_ledger_id, p.pause_alert_id
    ),
    alert as (
      insert into alerts (id, workspace_id, account_id, kind, detail, raised_at)
      select pause_alert_id, workspace_id, id, 'account_paused',
             jsonb_build_object('reason', pause_reason, 'said', pause_detail), $2
      from paused
      on conflict (account_id, kind) where cleared_at is null do update set detail = excluded.detail
    ),
    ledger as (
      insert into ledger_entries (id, workspace_id, at, kind, account_id, event_id, delivery_id, message_id, contact_id,
                                  trigger_id, resource_id, detail)
      select l.id, m.workspace_id, $2, l.kind, m.account_id, m.event_id, m.delivery_id, m.id, m.contact_id,
             m.trigger_id, m.resource_id, l.detail
      from json_to_recordset($4::json) as l(id uuid, message_id uuid, kind text, detail jsonb)
      join message m on m.id = l.message_id
      union all
      select pause_ledger_id, workspace_id, $2, 'account.paused', id, null, null, null, null, null, null,
             jsonb_build_object('reason', pause_reason, 'said', pause_detail)
      from paused
    )
    select m.id, null as released from message m
    union all
    select null, h.id from held h where h.state = 'queued' and h.due_at <= $2`,
};

/**
 * @param wakeAt when the scheduler wakes messages that this releases, should their wake be lost
 * @returns which settlements counted, and the messages that may go out at once because of them
 */
export async function storeSettlements(
  pool: pg.Pool,
  rows: readonly SettledRow[],
  now: Date,
  wakeAt: Date,
): Promise<{ accepted: Set<MessageId>; released: MessageId[] }> {
  const ledger = rows.flatMap(({ id, settlement, resolvedBy }) => [
    ...(resolvedBy ? [{ id: newId(), message_id: id, kind: 'message.resolved', detail: resolvedBy }] : []),
    ...settlement.ledger.map(({ kind, detail }) => ({ id: newId(), message_id: id, kind, detail })),
  ]);
  const result = await runStatement<{ id: string | null; released: string | null }>(pool, settleStatement, [
    JSON.stringify(rows.map(toInput)),
    now,
    wakeAt,
    JSON.stringify(ledger),
    rows.map(({ id }) => id),
  ]);
  return {
    accepted: new Set(result.flatMap((row) => row.id ?? [])),
    released: result.flatMap((row) => row.released ?? []),
  };
}

function toFence(was: SettledRow['was']): Record<string, unknown> {
  if (was === 'queued') return { was };
  if ('leaseToken' in was) return { was: 'sending', lease_token: was.leaseToken };
  return { was: 'unconfirmed', was_attempts: was.attempts, was_look_ups: was.lookUps };
}

function toInput({ id, deliveryId, was, settlement, credentials }: SettledRow): Record<string, unknown> {
  const { message, delivery, held, recipientId, restUntil, closesWindow, pauseAccount } = settlement;
  return {
    id,
    delivery_id: deliveryId,
    ...toFence(was),
    state: message.state,
    reason: message.reason,
    detail: message.detail,
    external_id: message.externalId,
    due_at: message.dueAt,
    not_before: message.notBefore,
    clears_doubt: message.clearsDoubt,
    look_up_at: message.lookUpAt,
    refund: message.refund ? 1 : 0,
    delivery_state: delivery?.state ?? null,
    delivery_reason: delivery?.reason ?? null,
    held,
    recipient_id: recipientId,
    rest_until: restUntil,
    closes_window: closesWindow,
    pause_reason: pauseAccount?.reason ?? null,
    pause_detail: pauseAccount?.detail ?? null,
    pause_ledger_id: pauseAccount ? newId() : null,
    pause_alert_id: pauseAccount ? newId() : null,
    credentials: pauseAccount ? (credentials?.toString('base64') ?? null) : null,
  };
}
