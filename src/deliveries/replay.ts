import type pg from 'pg';
import { runStatement, type Statement } from '../db/pool.ts';
import type { DeliveryId, MessageId, WorkspaceId } from '../ids.ts';
import type { PlatformAdapter } from '../platforms/port.ts';
import { slotCtes } from './pacing.ts';
import { type Candidate, planReplay, type ReplayRefusal } from './replay-plan.ts';
import { wakeGraceMs } from './wake.ts';

/** Which deliveries to replay; those that failed or expired and were not replayed yet. */
export interface ReplayFilter {
  deliveryId?: DeliveryId | undefined;
  state?: 'failed' | 'expired' | undefined;
  reason?: string | undefined;
  triggerId?: string | undefined;
  accountId?: string | undefined;
  createdAfter?: Date | undefined;
  createdBefore?: Date | undefined;
}

export interface ReplayResult {
  /** The new deliveries, each beside the one that it repeats; in a dry run only the latter. */
  replayed: { id: DeliveryId | null; replayOfId: DeliveryId }[];
  refused: { deliveryId: DeliveryId; reason: ReplayRefusal }[];
  /** Whether the filter fits more than were looked at. */
  more: boolean;
}

/** The trigger as it is today: what was wrong with it may have been repaired meanwhile. */
const findCandidates: Statement = {
  name: 'replay-find',
  text: `
    select d.id, d.reason, a.platform, a.state as account_state, a.username as account_username,
           c.username as contact_username, c.messaging_id, conv.window_ends_at,
           v.version, v.definition, r.id as resource_id, r.name as resource_name, r.url as resource_url,
           r.text as resource_text, d.door, m.kind, m.target_id, m.pace, m.deadline_at, e.external_id as comment_id, e.media_id,
           exists (
             select from deliveries run join messages x on x.delivery_id = run.id
             where run.event_id = d.event_id and x.kind <> 'public_reply' and x.doubted_at is not null) as doubted,
           exists (
             select from messages x
             where x.delivery_id = d.id and x.kind = 'public_reply'
               and x.reason is distinct from 'public_budget_spent') as announces
    from deliveries d
    join accounts a on a.id = d.account_id
    join contacts c on c.id = d.contact_id
    join events e on e.id = d.event_id
    join triggers t on t.id = d.trigger_id
    join trigger_versions v on v.trigger_id = t.id and v.version = t.version
    join resources r on r.id = v.resource_id
    join messages m on m.delivery_id = d.id and m.kind <> 'public_reply'
    left join conversations conv on conv.account_id = d.account_id and conv.external_id = c.messaging_id
    where d.workspace_id = $1 and d.state in ('failed', 'expired') and d.replayed_at is null
      -- As the index says it.
      and d.reason is not null and d.reason <> 'already_served' and d.reason <> 'sold_out'
      and ($2::uuid is null or d.id = $2) and ($3::text is null or d.state = $3)
      and ($4::text is null or d.reason = $4) and ($5::uuid is null or d.trigger_id = $5)
      and ($6::uuid is null or d.account_id = $6) and ($7::timestamptz is null or d.created_at >= $7)
      and ($8::timestamptz is null or d.created_at < $8)
    order by d.id limit $9`,
};

/**
 * New rows in place of the old ones, in one statement. `old` is a compare-and-set, so of two replays at once one wins;
 * `serving` takes up again what the failure had released, and where somebody was served meanwhile through another
 * comment, nothing is done.
 */
const insertReplays: Statement = {
  name: 'replay-insert',
  text: `
    with input as materialized (
      select * from json_to_recordset($1::json) as i(
        delivery_id uuid, replay_of_id uuid, trigger_version int, resource_id uuid, serving_scope text,
        every_days int, ledger_id uuid)
    ),
    open as materialized (
      select i.*, d.trigger_id, d.contact_id
      from input i join deliveries d on d.id = i.replay_of_id
      where d.state in ('failed', 'expired') and d.replayed_at is null
      order by d.id for no key update of d
    ),
    serving as (
      insert into servings (trigger_id, contact_id, scope, every_days, delivery_id, served_at)
      select distinct on (trigger_id, contact_id, serving_scope)
             trigger_id, contact_id, serving_scope, every_days, delivery_id, $3::timestamptz
      from open where serving_scope is not null
      order by trigger_id, contact_id, serving_scope, replay_of_id
      on conflict (trigger_id, contact_id, scope) do update
        set every_days = excluded.every_days, delivery_id = excluded.delivery_id, served_at = excluded.served_at
        where servings.served_at <= excluded.served_at - excluded.every_days * interval '1 day'
          or exists (select from deliveries d where d.id = servings.delivery_id and d.reason = 'sold_out')
      returning delivery_id
    ),
    old as (
      update deliveries d
      set replayed_at = $3
      from open o left join serving s using (delivery_id)
      where d.id = o.replay_of_id and (o.serving_scope is null or s.delivery_id is not null)
      returning d.*, o.delivery_id as new_id, o.trigger_version as new_version, o.resource_id as new_resource_id,
                o.ledger_id
    ),
    delivery as (
      insert into deliveries (id, workspace_id, account_id, event_id, contact_id, trigger_id, trigger_version,
                              resource_id, door, keyword, run, replay_of_id, created_at)
      select new_id, workspace_id, account_id, event_id, contact_id, trigger_id, new_version,
             new_resource_id, door, keyword, run + 1, id, $3
      from old
    ),
    draft as (
      select m.*, m.id as message_id, old.workspace_id, old.account_id
      from json_to_recordset($2::json) as m(
        id uuid, delivery_id uuid, kind text, pace text, state text, target_id text, text text, variant int,
        deadline_at timestamptz)
      join old on old.new_id = m.delivery_id
    ),
    ready as (
      select message_id, account_id, pace, deadline_at from draft where state = 'queued'
    ),
    ${slotCtes('ready', '$3')},
    message as (
      insert into messages (id, workspace_id, account_id, delivery_id, kind, pace, state, target_id, text, variant,
                            due_at, deadline_at, wake_at, created_at)
      select d.id, d.workspace_id, d.account_id, d.delivery_id, d.kind, d.pace, d.state, d.target_id, d.text,
             d.variant, coalesce(slot.due_at, $3), d.deadline_at,
             case when d.state = 'queued' then
               case when slot.due_at > $3 then least(slot.due_at, d.deadline_at) else $4::timestamptz end end, $3
      from draft d left join slot using (message_id)
      returning id, state, due_at
    ),
    ledger as (
      insert into ledger_entries (id, workspace_id, at, kind, account_id, event_id, delivery_id, contact_id,
                                  trigger_id, resource_id, detail)
      select ledger_id, workspace_id, $3, 'delivery.replayed', account_id, event_id, new_id, contact_id,
             trigger_id, new_resource_id, jsonb_build_object('replayOfId', id, 'keyId', $5::text)
      from old
    )
    select new_id as delivery_id, null::uuid as ready from old
    union all
    select null, id from message where state = 'queued' and due_at <= $3`,
};

/**
 * Begins deliveries anew that failed or expired, in new rows that are linked to the old ones. Nothing that was sent, or
 * may have been, is among them. Over the comment as long as its window is open, else into the conversation if the person
 * has one open.
 * @param options.dryRun only says what would happen
 * @param options.limit the most deliveries that are looked at
 */
export async function replayDeliveries(
  deps: {
    pool: pg.Pool;
    platforms: ReadonlyMap<string, PlatformAdapter>;
    wake: (ids: MessageId[]) => void;
    random: () => number;
  },
  by: { workspaceId: WorkspaceId; keyId: string; now: Date },
  filter: ReplayFilter,
  options: { dryRun: boolean; limit: number },
): Promise<ReplayResult> {
  const { deliveryId, state, reason, triggerId, accountId, createdAfter, createdBefore } = filter;
  const candidates = await runStatement<Candidate>(deps.pool, findCandidates, [
    ...[by.workspaceId, deliveryId, state, reason, triggerId, accountId, createdAfter, createdBefore],
    options.limit + 1,
  ]);
  const more = candidates.length > options.limit;
  const plans = candidates
    .slice(0, options.limit)
    .map((candidate) => planReplay(candidate, deps.platforms, by.now, deps.random));
  const refused = plans.flatMap((planned) => ('refused' in planned ? [planned.refused] : []));
  const accepted = plans.flatMap((planned) => ('row' in planned ? [planned] : []));
  if (options.dryRun) {
    return {
      replayed: accepted.map(({ row }) => ({ id: null, replayOfId: row.replay_of_id })),
      refused,
      more,
    };
  }
  const rows = await runStatement<{ delivery_id: string | null; ready: string | null }>(
    deps.pool,
    insertReplays,
    [
      JSON.stringify(accepted.map(({ row }) => row)),
      JSON.stringify(accepted.flatMap(({ messages }) => messages)),
      by.now,
      new Date(by.now.getTime() + wakeGraceMs),
      by.keyId,
    ],
  );
  deps.wake(rows.flatMap((row) => row.ready ?? []));
  const begun = new Set(rows.flatMap((row) => row.delivery_id ?? []));
  return {
    replayed: accepted
      .filter(({ row }) => begun.has(row.delivery_id))
      .map(({ row }) => ({ id: row.delivery_id, replayOfId: row.replay_of_id })),
    refused: [
      ...refused,
      ...accepted
        .filter(({ row }) => !begun.has(row.delivery_id))
        .map(({ row }) => ({ deliveryId: row.replay_of_id, reason: 'already_served' as const })),
    ],
    more,
  };
}
