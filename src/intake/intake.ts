import { createHash } from 'node:crypto';
import type pg from 'pg';
import { createGroupCommit } from '../db/group-commit.ts';
import { isDataFault } from '../db/pool.ts';
import type { MessageId } from '../ids.ts';
import type { PlatformAdapter, PlatformEvent } from '../platforms/port.ts';
import { createAccountLookup } from './accounts.ts';
import { decide, type IntakeAccount, type LastVariant } from './decide.ts';
import { findLastVariants } from './last-variants.ts';
import { type Arrival, FlushRows } from './rows.ts';
import { storeEvents } from './store.ts';

/** The most events that one commit carries. */
const maxEventsPerFlush = 500;

/** The most events that wait for a commit, some seconds' worth; beyond it webhooks are not taken. */
const maxEventsWaiting = 20_000;

/** Long enough for those who were just answered to ask again, short beside a commit. */
const gatherMs = 10;

type Arrived = 'matched' | 'skipped' | 'repeated';

/** How many of a webhook's events had which fate; `repeated` were there already. */
export type Receipt = Record<Arrived, number>;

export interface Intake {
  /**
   * Makes a webhook's events durable and decides about them. Resolves after the commit, so what is acknowledged then
   * survives anything; rejects when the database cannot be reached.
   */
  receive(adapter: PlatformAdapter, events: readonly PlatformEvent[]): Promise<Receipt>;
}

/**
 * @param deps.wake is told the messages that are ready to be sent, after the commit. It must not throw: a lost wake is
 *   made good by the scheduler
 * @param deps.onUnstorable hears of an event that the database or our own code refused, and which was then kept as
 *   unreadable so that it spoils neither its neighbours nor the platform's retries
 */
export function createIntake(deps: {
  pool: pg.Pool;
  wake: (ids: MessageId[]) => void;
  now: () => Date;
  random: () => number;
  onUnstorable: (error: unknown, event: PlatformEvent) => void;
}): Intake {
  const accounts = createAccountLookup(deps.pool);

  async function flush(arrivals: readonly Arrival[]): Promise<Arrived[]> {
    const known = await lookUp(arrivals);
    const rows = new FlushRows();
    const accounted = arrivals.map((arrival) => {
      const account = known.get(arrival.adapter.name)?.get(arrival.event.accountExternalId) ?? null;
      return { arrival, account };
    });
    const lastVariants = await findLastVariants(deps.pool, accounted);
    const added = accounted.map(({ arrival, account }, place) =>
      addDecided(rows, arrival, account, lastVariants[place]),
    );
    const { fresh, ready } = await storeEvents(deps.pool, rows, deps.now());
    deps.wake(ready);
    return added.map(({ row, first }) => (first && fresh.has(row.id) ? row.outcome : 'repeated'));
  }

  /** A fault of our own code in one event must not keep the others from being stored. */
  function addDecided(
    rows: FlushRows,
    arrival: Arrival,
    account: IntakeAccount | null,
    lastVariant: LastVariant | undefined,
  ): ReturnType<FlushRows['add']> {
    const { receivedAt, adapter } = arrival;
    const { textLimits } = adapter.capabilities;
    const add = (each: Arrival) =>
      rows.add(each, account, decide(each.event, account, receivedAt, textLimits, deps.random, lastVariant));
    try {
      return add(arrival);
    } catch (error) {
      deps.onUnstorable(error, arrival.event);
      return add({ ...arrival, event: standInFor(arrival.event) });
    }
  }

  async function lookUp(arrivals: readonly Arrival[]): Promise<Map<string, Map<string, IntakeAccount>>> {
    const found = new Map<string, Map<string, IntakeAccount>>();
    for (const [platform, own] of Map.groupBy(arrivals, ({ adapter }) => adapter.name)) {
      const externalIds = new Set(own.map(({ event }) => event.accountExternalId));
      found.set(platform, await accounts.find(platform, [...externalIds]));
    }
    return found;
  }

  const commits = createGroupCommit<Arrival, Arrived>({
    flush,
    maxItems: maxEventsPerFlush,
    maxWaiting: maxEventsWaiting,
    gatherMs,
    isolates: isDataFault,
  });

  async function receiveOne(arrival: Arrival): Promise<Arrived> {
    try {
      return await commits.add(arrival);
    } catch (error) {
      const { event } = arrival;
      if (!isDataFault(error)) throw error;
      deps.onUnstorable(error, event);
      return commits.add({ ...arrival, event: standInFor(event) });
    }
  }

  return {
    async receive(adapter, events) {
      const receivedAt = deps.now();
      const receipt: Receipt = { matched: 0, skipped: 0, repeated: 0 };
      // In slices, so that a single large webhook never fills the line that all others wait in.
      for (let from = 0; from < events.length; from += maxEventsPerFlush) {
        const slice = events.slice(from, from + maxEventsPerFlush);
        const all = await Promise.all(slice.map((event) => receiveOne({ adapter, event, receivedAt })));
        for (const arrived of all) receipt[arrived] += 1;
      }
      return receipt;
    },
  };
}

/** Says that there was an event which could not be stored, in values that can be. */
function standInFor({ accountExternalId, dedupeKey }: PlatformEvent): PlatformEvent {
  return {
    kind: 'unreadable',
    accountExternalId: /^[\w.:-]{1,200}$/.test(accountExternalId) ? accountExternalId : '',
    dedupeKey: `unstorable:${createHash('sha256').update(dedupeKey).digest('hex')}`,
    occurredAt: null,
    reason: 'Fairdrop could not store it; its log says why',
    payload: null,
  };
}
