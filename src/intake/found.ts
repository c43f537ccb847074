import type pg from 'pg';
import { servingOf } from '../deliveries/serving.ts';
import { type MessageId, newId, type TriggerId } from '../ids.ts';
import type { LedgerKind } from '../ledger/kinds.ts';
import type { ListedComment, PlatformAdapter } from '../platforms/port.ts';
import { createAccountLookup } from './accounts.ts';
import type { IntakeAccount } from './decide.ts';
import {
  type FoundRow,
  findKnownEvents,
  findServed,
  findTakenStock,
  type Service,
  storeFound,
  type WantedServing,
} from './found-store.ts';
import { type Finder, type FoundReason, type Judgement, judgeFound } from './judge-found.ts';
import { FlushRows, postOf } from './rows.ts';

/** What became of one comment that was found, or would. */
export type Fate = {
  comment: ListedComment;
} /** A message answers it. `reconsidered`: it had been skipped when it came. */ & (
  | {
      fate: 'matched';
      isNew: boolean;
      reconsidered: boolean;
      triggerId: TriggerId;
      keyword: string;
      deadlineAt: Date;
    }
  /** It led to a delivery before. */
  | { fate: 'known'; isNew: false }
  | { fate: 'skipped'; reason: FoundReason; isNew: boolean }
);

/** What the people of earlier pages would have been given, while nothing is stored. */
export interface Rehearsed {
  served: Set<string>;
  /** How many of those a trigger serves, by its id. */
  given: Map<string, number>;
}

export interface FoundIntake {
  /**
   * Decides about comments that were found in a list and makes it durable, as part of a transaction.
   * @returns their fates, and the messages that are to be woken once the transaction is committed
   */
  take(
    db: pg.ClientBase,
    adapter: PlatformAdapter,
    comments: readonly ListedComment[],
    finder: Finder,
  ): Promise<{ fates: Fate[]; ready: MessageId[] }>;
  /** The fates that `take` would lead to, without storing anything. */
  rehearse(
    adapter: PlatformAdapter,
    comments: readonly ListedComment[],
    finder: Finder,
    rehearsed: Rehearsed,
  ): Promise<Fate[]>;
}

interface Judged {
  comment: ListedComment;
  judgement: Judgement;
}

type Matched = Extract<Judgement, { kind: 'match' }>;

/** Intake for comments that no webhook brought: the same decision, the same rows, the same unique key. */
export function createFoundIntake(deps: {
  pool: pg.Pool;
  now: () => Date;
  random: () => number;
  onError: (error: unknown) => void;
}): FoundIntake {
  const accounts = createAccountLookup(deps.pool);

  async function judge(
    db: pg.Pool | pg.ClientBase,
    adapter: PlatformAdapter,
    listed: readonly ListedComment[],
    finder: Finder,
    now: Date,
  ): Promise<{ account: IntakeAccount | null; judged: Judged[] }> {
    // A list that grows while it is read can name a comment twice.
    const comments = [...new Map(listed.map((comment) => [comment.event.dedupeKey, comment])).values()];
    const externalId = comments[0]?.event.accountExternalId;
    if (externalId === undefined) return { account: null, judged: [] };
    const account = (await accounts.find(adapter.name, [externalId])).get(externalId);
    // Disconnected since, and perhaps connected by somebody else.
    if (account?.id !== finder.accountId) return { account: null, judged: [] };
    const keys = comments.map(({ event }) => event.dedupeKey);
    const known = await findKnownEvents(db, adapter.name, externalId, keys);
    const context = { adapter, account, finder, now, random: deps.random };
    const judged = comments.map((comment): Judged => {
      try {
        return {
          comment,
          judgement: judgeFound(comment, known.get(comment.event.dedupeKey) ?? null, context),
        };
      } catch (error) {
        // A fault of our own code in one comment must not keep the others from being answered.
        deps.onError(error);
        return { comment, judgement: { kind: 'skip', reason: 'unreadable', store: null, isNew: false } };
      }
    });
    return { account, judged };
  }

  return {
    async take(db, adapter, comments, finder) {
      const now = deps.now();
      const { account, judged } = await judge(db, adapter, comments, finder, now);
      const rows = new FlushRows();
      const was = new Map<string, string>();
      const events = judged.map(({ comment, judgement }) => {
        const decision = toStore(judgement);
        if (!decision) return null;
        const known = judgement.kind === 'match' ? judgement.known : null;
        const note = { id: newId(), ...noteOf(finder, known?.was ?? null) };
        const arrival = {
          adapter,
          event: comment.event,
          receivedAt: now,
          ...(known && { knownId: known.id }),
        };
        const { row } = rows.add(arrival, account, decision);
        if (known) was.set(row.id, known.was);
        if (row.delivery_id) rows.ledger.unshift({ ...note, event_id: row.id });
        return row.id;
      });
      const found: FoundRow[] = rows.events.map((row) => ({ ...row, was: was.get(row.id) ?? null }));
      if (found.length === 0)
        return { fates: judged.map((each) => toFate(each, adapter, now, null)), ready: [] };
      const { messages, ledger } = rows;
      const { taken, ready } = await storeFound(db, { events: found, messages, ledger }, now);
      const fates = judged.map((each, index) => {
        const id = events[index];
        return toFate(each, adapter, now, id == null ? null : (taken.get(id) ?? 'lost'));
      });
      return { fates, ready };
    },

    async rehearse(adapter, comments, finder, rehearsed) {
      const now = deps.now();
      const { account, judged } = await judge(deps.pool, adapter, comments, finder, now);
      if (!account) return [];
      const wanted = judged.flatMap(({ comment, judgement }) =>
        judgement.kind === 'match' ? (toWanted(comment, judgement) ?? []) : [],
      );
      const served = await findServed(deps.pool, account.id, wanted, now);
      const limited = new Set(
        judged.flatMap(({ judgement }) =>
          judgement.kind === 'match' && judgement.decision.trigger.definition.maxDeliveries
            ? [judgement.decision.trigger.id]
            : [],
        ),
      );
      const taken = await findTakenStock(deps.pool, [...limited]);
      return judged.map((each) => {
        if (each.judgement.kind !== 'match') return toFate(each, adapter, now, null);
        const { id, definition } = each.judgement.decision.trigger;
        const key = toWanted(each.comment, each.judgement)?.key;
        if (key !== undefined && (served.has(key) || rehearsed.served.has(key))) {
          return toFate(each, adapter, now, { serves: false, refusal: 'already_served' });
        }
        const given = (rehearsed.given.get(id) ?? 0) + 1;
        if (definition.maxDeliveries && (taken.get(id) ?? 0) + given > definition.maxDeliveries) {
          return toFate(each, adapter, now, { serves: false, refusal: 'sold_out' });
        }
        if (key !== undefined) rehearsed.served.add(key);
        rehearsed.given.set(id, given);
        return toFate(each, adapter, now, { serves: true, refusal: null });
      });
    },
  };
}

function toStore(judgement: Judgement): Matched['decision'] | Extract<Judgement, { kind: 'skip' }>['store'] {
  if (judgement.kind === 'match') return judgement.decision;
  return judgement.kind === 'skip' ? judgement.store : null;
}

function noteOf(finder: Finder, was: string | null): { kind: LedgerKind; detail: Record<string, unknown> } {
  const detail = { by: finder.by, backfillId: finder.id };
  return was === null
    ? { kind: 'event.found', detail }
    : { kind: 'event.reconsidered', detail: { ...detail, was } };
}

/** @returns null where the trigger serves without bounds */
function toWanted({ event }: ListedComment, { decision }: Matched): WantedServing | null {
  const { serving_scope: scope, every_days } = servingOf(
    decision.trigger.definition.frequency,
    postOf(event),
  );
  if (scope === null || !event.author) return null;
  const trigger_id = decision.trigger.id;
  const external_id = event.author.externalId;
  return {
    key: JSON.stringify([trigger_id, external_id, scope]),
    trigger_id,
    external_id,
    scope,
    every_days,
  };
}

/** @param result null where there was nothing to store, `lost` where somebody else was faster */
function toFate(
  { comment, judgement }: Judged,
  adapter: PlatformAdapter,
  now: Date,
  result: Service | 'lost' | null,
): Fate {
  if (judgement.kind === 'known' || result === 'lost') return { comment, fate: 'known', isNew: false };
  if (judgement.kind === 'skip') {
    const { reason, isNew } = judgement;
    return { comment, fate: 'skipped', reason, isNew };
  }
  const isNew = judgement.known === null;
  if (!result?.serves)
    return { comment, fate: 'skipped', reason: result?.refusal ?? 'already_served', isNew };
  const { trigger, keyword } = judgement.decision;
  return {
    comment,
    fate: 'matched',
    isNew,
    reconsidered: !isNew,
    triggerId: trigger.id,
    keyword,
    deadlineAt: adapter.answerDeadline(comment.event, now),
  };
}
