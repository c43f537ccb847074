import type { PrismaClient } from '../db/generated/client.ts';
import { layOut } from '../deliveries/lay-out.ts';
import type { AccountId, TriggerId, WorkspaceId } from '../ids.ts';
import type { MessageKind, PlatformAdapter } from '../platforms/port.ts';
import { Problem } from '../problem.ts';
import { findAccount } from './accounts.ts';
import { adapterFor, type Platforms } from './identify.ts';
import { type Extent, type Past, readHistory, readPasts, type Window } from './rehearsal-history.ts';
import {
  createTally,
  isServedAlready,
  type Service,
  serve,
  type Tally,
  type TriggerCount,
  type Win,
} from './rehearsal-tally.ts';
import { findTrigger, triggersOf } from './trigger-views.ts';
import { patched, type TriggerPatch } from './triggers.ts';

export interface RehearsalRequest extends Window {
  /** The most samples of each kind. */
  samples: number;
  /** Rehearses the trigger as it would be after this change. */
  change: Omit<TriggerPatch, 'state'>;
}

/** When a kind of message would be out, were all of them wanted now. */
export interface LaneForecast {
  kind: MessageKind;
  perHour: number;
  burst: number;
  messages: number;
  lastAt: string | null;
  seconds: number;
}

export interface Rehearsal {
  triggerId: TriggerId;
  /** The version that was rehearsed, or that the change was applied to. */
  version: number;
  window: Extent;
  hits: Tally['hits'];
  nearMisses: Tally['nearMisses'];
  misses: Tally['misses'];
  deliveries: { total: number; repeats: number };
  people: {
    total: number;
    servedTwice: { total: number; samples: { externalId: string; username: string | null; times: number }[] };
    servedBefore: { byThis: number; byOthers: TriggerCount[]; sameResource: number };
  };
  backlog: {
    answered: number;
    servedAlready: number;
    messages: number;
    inTime: number;
    lanes: LaneForecast[];
  };
}

/**
 * What a trigger would have done with the comments of a window, had it been active beside the triggers that are active
 * now, and what answering those of them that nobody answered would take. Reads only, in statements of their own.
 */
export async function rehearse(
  prisma: PrismaClient,
  platforms: Platforms,
  scope: { workspaceId: WorkspaceId; id: TriggerId; now: Date },
  request: RehearsalRequest,
): Promise<Rehearsal> {
  const { workspaceId, id, now } = scope;
  const stored = await findTrigger(prisma, workspaceId, id);
  if (stored.state === 'archived') {
    throw new Problem(409, 'trigger_archived', 'This trigger is archived. Create a new one instead.');
  }
  const trigger = { ...stored, ...patched(stored, request.change) };
  const account = await findAccount(prisma, workspaceId, trigger.accountId);
  const adapter = adapterFor(platforms, account.platform);
  const siblings = await triggersOf(prisma, account.id);
  const others = siblings.filter((sibling) => sibling.id !== id && sibling.state === 'active');

  const tally = createTally(trigger, others, request.samples);
  const window = await readHistory(prisma, { workspaceId, accountId: account.id }, request, tally.take);
  const { wins, ...counts } = tally.result();
  const { frequency } = trigger.definition;
  const service = serve(wins, frequency);
  const people = [...new Set(wins.map(({ authorExternalId }) => authorExternalId))];
  const pasts = await readPasts(prisma, trigger, people);

  const unanswered = service.served.filter(({ answered }) => !answered);
  const backlog = unanswered.filter(
    (win) => !isServedAlready(win, frequency, pasts.get(win.authorExternalId), now),
  );
  const kinds: MessageKind[] =
    trigger.definition.publicReplies.length > 0 ? ['private_reply', 'public_reply'] : ['private_reply'];
  const lanes = kinds.map((kind) => forecast(kind, backlog.length, account.paces, adapter, now));
  return {
    triggerId: id,
    version: stored.version,
    window,
    ...counts,
    deliveries: { total: service.served.length, repeats: service.repeats },
    people: {
      total: people.length,
      servedTwice: servedTwice(service, request.samples),
      servedBefore: await servedBefore(prisma, id, account.id, pasts),
    },
    backlog: {
      answered: service.served.length - unanswered.length,
      servedAlready: unanswered.length - backlog.length,
      messages: backlog.length,
      inTime: backlog.filter((win) => isInTime(win, account.externalId, adapter, now)).length,
      lanes,
    },
  };
}

function servedTwice({ served, timesServed }: Service, maxSamples: number) {
  const names = new Map(served.map((win) => [win.authorExternalId, win.authorUsername]));
  const often = [...timesServed].filter(([, times]) => times > 1).sort(([, a], [, b]) => b - a);
  return {
    total: often.length,
    samples: often
      .slice(0, maxSamples)
      .map(([externalId, times]) => ({ externalId, username: names.get(externalId) ?? null, times })),
  };
}

async function servedBefore(
  prisma: PrismaClient,
  id: TriggerId,
  accountId: AccountId,
  pasts: ReadonlyMap<string, Past>,
): Promise<Rehearsal['people']['servedBefore']> {
  const counts = new Map<TriggerId, number>();
  let sameResource = 0;
  for (const { triggerIds, hasResource } of pasts.values()) {
    if (hasResource) sameResource += 1;
    for (const triggerId of triggerIds) counts.set(triggerId, (counts.get(triggerId) ?? 0) + 1);
  }
  const { [id]: byThis = 0, ...byOthers } = Object.fromEntries(counts);
  // Also of triggers that are archived by now.
  const names = await prisma.$queryRaw<{ id: TriggerId; name: string }[]>`
    select t.id, v.name from triggers t
    join trigger_versions v on v.trigger_id = t.id and v.version = t.version
    where t.account_id = ${accountId}::uuid and t.id = any(${Object.keys(byOthers)}::uuid[])`;
  const nameOf = new Map(names.map((row) => [row.id, row.name]));
  return {
    byThis,
    byOthers: Object.entries(byOthers)
      .map(([triggerId, count]) => ({ triggerId, name: nameOf.get(triggerId) ?? triggerId, count }))
      .sort((a, b) => b.count - a.count),
    sameResource,
  };
}

/** Behind what waits in the lane already. */
function forecast(
  kind: MessageKind,
  messages: number,
  paces: readonly {
    pace: string;
    perHour: number;
    burst: number;
    usedUntil: Date;
    nextSlotAt: Date;
    restUntil: Date | null;
  }[],
  adapter: PlatformAdapter,
  now: Date,
): LaneForecast {
  const pace = adapter.paceOf(kind, false);
  const lane = paces.find((each) => each.pace === pace);
  const { perHour, burst } = lane ?? adapter.capabilities.paces[pace] ?? { perHour: 3_600, burst: 1 };
  const wanted = { deadlineMs: Number.POSITIVE_INFINITY, notBeforeMs: 0 };
  const { dueMs } = layOut(
    {
      stepMs: 3_600_000 / perHour,
      burst,
      usedUntilMs: Math.max(lane?.usedUntil.getTime() ?? 0, lane?.nextSlotAt.getTime() ?? 0),
      restUntilMs: lane?.restUntil?.getTime() ?? 0,
    },
    Array<typeof wanted>(messages).fill(wanted),
    now.getTime(),
  );
  const lastMs = dueMs.at(-1);
  return {
    kind,
    perHour,
    burst,
    messages,
    lastAt: lastMs === undefined ? null : new Date(lastMs).toISOString(),
    seconds: lastMs === undefined ? 0 : Math.ceil((lastMs - now.getTime()) / 1_000),
  };
}

/** Whether the platform would still take an answer to it. */
function isInTime(win: Win, accountExternalId: string, adapter: PlatformAdapter, now: Date): boolean {
  const deadline = adapter.answerDeadline(
    {
      kind: 'comment',
      accountExternalId,
      dedupeKey: win.id,
      occurredAt: win.occurredAt,
      commentId: win.id,
      parentId: win.parentId,
      mediaId: win.mediaId,
      author: { externalId: win.authorExternalId, username: win.authorUsername },
      own: false,
      text: '',
      // Not stored: a comment under a live broadcast has less time than this says.
      live: false,
    },
    win.receivedAt,
  );
  return deadline > now;
}
