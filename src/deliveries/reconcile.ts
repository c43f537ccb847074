import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import type { MessageId } from '../ids.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { LookUpResult, MessageKind } from '../platforms/port.ts';
import { type OpenAccount, openAccount, type SealedAccount } from './account.ts';
import { refusedAsAnswered, settleLookUp } from './settle.ts';
import { storeSettlements } from './store.ts';
import { wakeGraceMs } from './wake.ts';

const tickMs = 1_000;

/** The most look-ups of one round, and of one account in it: platforms count these calls by the second. */
const maxPerRound = 100;
const maxPerAccount = 5;

/** For how long a look-up belongs to the process that took it, beyond what the call can take. */
const leaseMarginMs = 60_000;

/**
 * Takes what is to be looked up, so that no other process asks the same. An account that may not make calls is not
 * asked: its messages wait for it.
 */
const takeDoubtful: Statement = {
  name: 'reconcile-take',
  text: `
    with taken as materialized (
      select t.id
      from accounts a
      cross join lateral (
        select m.id from messages m
        where m.account_id = a.id and m.state = 'unconfirmed' and m.look_up_at <= $1
        order by m.look_up_at limit ${maxPerAccount} for update skip locked
      ) t
      where a.state = 'active'
      limit ${maxPerRound}
    )
    update messages m
    set look_up_at = $2, look_ups = m.look_ups + 1
    from taken t, deliveries d, contacts c, accounts a
    where m.id = t.id and d.id = m.delivery_id and c.id = d.contact_id and a.id = m.account_id
    returning m.id, m.delivery_id, m.kind, m.pace, m.target_id, m.text, m.reason, m.attempts, m.look_ups, m.deadline_at,
              coalesce(m.attempted_at, m.created_at) as attempted_at, c.username, c.messaging_id,
              a.id as account_id, a.platform, a.external_id, a.credentials, a.credentials_key_id`,
};

interface DoubtfulRow {
  id: MessageId;
  delivery_id: string;
  kind: MessageKind;
  pace: string;
  target_id: string;
  text: string;
  reason: string | null;
  attempts: number;
  look_ups: number;
  deadline_at: Date;
  attempted_at: Date;
  username: string | null;
  messaging_id: string | null;
  account_id: string;
  platform: string;
  external_id: string;
  credentials: Buffer;
  credentials_key_id: string;
}

/** How much earlier than our own clock the platform's may put what we sent. */
const clockTolerance = `interval '1 minute'`;

/**
 * Another message that is or was in doubt, of which the same trace would be left: to the same person, or under the same
 * comment, in the same words.
 */
const twin = `
  exists (
    select from messages o
    join deliveries od on od.id = o.delivery_id
    join events oe on oe.id = od.event_id
    where o.account_id = m.account_id and o.doubted_at is not null and o.external_id is null
      and o.state in ('unconfirmed', 'queued', 'sending', 'sent') and o.id <> m.id and o.text = m.text
      and case m.kind
        when 'public_reply' then o.kind = m.kind
          and coalesce(oe.parent_id, oe.external_id) = coalesce(event.parent_id, event.external_id)
        else o.kind <> 'public_reply' and od.contact_id = d.contact_id end)`;

/** Something on the platform that is known to be another message, by its id there. */
const otherMessage = (externalId: string) => `
  (exists (
    select from deliveries od join messages o on o.delivery_id = od.id
    where od.contact_id = d.contact_id and o.external_id = ${externalId})
  or exists (
    select from messages o
    where o.account_id = m.account_id and o.kind = 'public_reply' and o.external_id = ${externalId}))`;

/**
 * What the platform has told of its own accord: the echo of a message to this person, or the account's own comment
 * under the one that was answered, with the same text and after the attempt began. What could be another message's
 * proves nothing.
 */
const findTold: Statement = {
  name: 'reconcile-find-told',
  text: `
    select e.external_id, e.recipient_external_id
    from messages m
    join deliveries d on d.id = m.delivery_id
    join events event on event.id = d.event_id
    join contacts c on c.id = d.contact_id
    join lateral (
      select * from events
      where m.kind = 'public_reply' and account_id = m.account_id and reason = 'own_comment'
        and parent_id = m.target_id
      union all
      select * from events
      where m.kind <> 'public_reply' and account_id = m.account_id and kind = 'echo'
        and recipient_external_id = c.messaging_id
    ) e on e.text = m.text and e.received_at >= m.attempted_at - ${clockTolerance}
    where m.id = $1 and e.external_id is not null
      and not ${otherMessage('e.external_id')} and not ${twin}
    order by e.received_at limit 1`,
};

const findOwner: Statement = {
  name: 'reconcile-find-owner',
  text: `
    select ${otherMessage('$2')} as anothers, ${twin} as shared
    from messages m
    join deliveries d on d.id = m.delivery_id
    join events event on event.id = d.event_id
    where m.id = $1`,
};

export interface LookUpReport {
  messageId: MessageId;
  accountId: string;
  result: LookUpResult['kind'];
  detail: string;
  /** The state that it led to. */
  state: string;
}

export interface Reconciler extends Loop {
  /** One round; returns how many messages it looked up. Never rejects. */
  tick(): Promise<number>;
}

/**
 * Finds out what became of messages of unknown outcome, before anything else happens to them. Sends nothing itself: what
 * may be repeated goes back into the line. Several may run at once.
 */
export function createReconciler(deps: {
  pool: pg.Pool;
  open: OpenAccount;
  wake: (ids: MessageId[]) => void;
  report: (report: LookUpReport) => void;
  now: () => Date;
  onError: (error: unknown) => void;
}): Reconciler {
  async function round(): Promise<number> {
    const now = deps.now();
    const longestMs = Math.max(0, ...deps.open.adapters().map((adapter) => adapter.lookUpTimeoutMs));
    const leaseUntil = new Date(now.getTime() + longestMs * maxPerAccount + leaseMarginMs);
    const rows = await runStatement<DoubtfulRow>(deps.pool, takeDoubtful, [now, leaseUntil]);
    if (rows.length === 0) return 0;
    const byAccount = Map.groupBy(rows, (row) => row.account_id);
    await Promise.all(
      byAccount.values().map(async (own) => {
        // One after the other: platforms count these calls by the second, and what proves one proves no other.
        for (const row of own) await reconcile(row, (await readTold(row.id)) ?? (await ask(row)));
      }),
    );
    return rows.length;
  }

  async function readTold(id: MessageId): Promise<LookUpResult | null> {
    const [event] = await runStatement<{ external_id: string; recipient_external_id: string | null }>(
      deps.pool,
      findTold,
      [id],
    );
    if (!event) return null;
    return {
      kind: 'found',
      externalId: event.external_id,
      recipientId: event.recipient_external_id,
      detail: 'the platform told of it by webhook',
    };
  }

  async function whose(id: MessageId, externalId: string): Promise<'anothers' | 'unclear' | 'possible'> {
    const [owner] = await runStatement<{ anothers: boolean; shared: boolean }>(deps.pool, findOwner, [
      id,
      externalId,
    ]);
    if (owner?.anothers) return 'anothers';
    return owner?.shared ? 'unclear' : 'possible';
  }

  async function ask(row: DoubtfulRow): Promise<LookUpResult> {
    const account = openAccount(deps.open, toSealed(row));
    if (!account.ok) return { kind: 'unavailable', retryAfterMs: 60_000, detail: account.detail };
    try {
      return await account.adapter.lookUp(
        {
          kind: row.kind,
          targetId: row.target_id,
          text: row.text,
          attemptedAt: row.attempted_at,
          live: row.pace !== account.adapter.paceOf(row.kind, false),
          contact: { username: row.username, messagingId: row.messaging_id },
          refusedAsAnswered: row.reason === refusedAsAnswered,
          whose: (externalId) => whose(row.id, externalId),
        },
        account.sending,
      );
    } catch (error) {
      // An adapter does not throw; should it, nothing was learned.
      deps.onError(error);
      return { kind: 'unavailable', retryAfterMs: 60_000, detail: 'the look-up failed' };
    }
  }

  async function reconcile(row: DoubtfulRow, result: LookUpResult): Promise<void> {
    const now = deps.now();
    const adapter = deps.open.adapterFor(row.platform);
    const repetition = adapter?.capabilities.repetition[row.kind] ?? 'blind';
    const message = {
      ...row,
      deadlineAt: row.deadline_at,
      lookUps: row.look_ups,
      doubted: true,
    };
    const settlement = settleLookUp(message, result, repetition, now);
    const was = { attempts: row.attempts, lookUps: row.look_ups };
    const settled = { id: row.id, deliveryId: row.delivery_id, was, settlement, credentials: null };
    const wakeAt = new Date(now.getTime() + wakeGraceMs);
    const { accepted, released } = await storeSettlements(deps.pool, [settled], now, wakeAt);
    const repeats = accepted.has(row.id) && settlement.message.state === 'queued';
    deps.wake(repeats ? [row.id, ...released] : released);
    deps.report({
      messageId: row.id,
      accountId: row.account_id,
      result: result.kind,
      detail: result.detail,
      state: settlement.message.state,
    });
  }

  async function tick(): Promise<number> {
    try {
      return await round();
    } catch (error) {
      deps.onError(error);
      return 0;
    }
  }

  return { tick, ...createLoop(tick, tickMs) };
}

function toSealed(row: DoubtfulRow): SealedAccount {
  return {
    id: row.account_id,
    platform: row.platform,
    externalId: row.external_id,
    credentials: row.credentials,
    credentialsKeyId: row.credentials_key_id,
  };
}
