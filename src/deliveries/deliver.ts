import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { createGroupCommit } from '../db/group-commit.ts';
import { isDataFault } from '../db/pool.ts';
import type { MessageId } from '../ids.ts';
import type { SendOutcome } from '../platforms/port.ts';
import { type OpenAccount, openAccount } from './account.ts';
import { type ClaimedMessage, claimMessages, releaseClaim } from './claim.ts';
import { createPermits } from './permits.ts';
import { type Settlement, settle } from './settle.ts';
import { type SettledRow, storeSettlements } from './store.ts';
import { wakeGraceMs } from './wake.ts';

/** Added to the longest send when a claim is made, for the commit before and after it. */
const leaseMarginMs = 60_000;

const maxSettlementsPerFlush = 500;

/**
 * The most messages that a process has claimed at once. No more than an adapter has connections: what is claimed is
 * written at once, so that a process that dies leaves no doubt about messages it had not begun. And many, so that an
 * account whose calls hang until they time out does not hold up the others.
 */
const maxUnderWay = 512;

/** What was sent is sent: recording it can wait for others a little longer than claiming what somebody waits for. */
const claimGatherMs = 15;
const settleGatherMs = 30;

/** Between attempts to record what must not be lost, in milliseconds: from the first, doubling up to the last. */
const firstPauseMs = 100;
const longestPauseMs = 2_000;

export interface SendReport {
  messageId: MessageId;
  deliveryId: string;
  accountId: string;
  kind: string;
  attempt: number;
  outcome: SendOutcome['kind'];
  reason: string | null;
  durationMs: number;
  /** What the platform said, where it did not simply take the message. */
  detail: string | null;
  /** Whether the outcome was recorded by this call; false also when an earlier, broken-off call had recorded it. */
  accepted: boolean;
}

interface Claimed {
  message: ClaimedMessage;
  leaseToken: string;
}

export interface DeliveryEngine {
  /** Claims and sends those of the messages that are due. Resolves when their outcomes are committed. */
  deliver(ids: readonly MessageId[]): Promise<void>;
  /** Claims nothing any more: what it is told of from now on goes back into the queue, for others. */
  stop(): void;
}

/**
 * @param deps.wake is told the messages that became ready to be sent
 * @param deps.report is told each send, for the log
 */
export function createDeliveryEngine(deps: {
  pool: pg.Pool;
  open: OpenAccount;
  wake: (ids: MessageId[]) => void;
  report: (report: SendReport) => void;
  /** Hears of each failure to record what must not be lost; it is tried again. */
  onError: (error: unknown) => void;
  now: () => Date;
  random: () => number;
}): DeliveryEngine {
  const longestSendMs = Math.max(...deps.open.adapters().map((adapter) => adapter.sendTimeoutMs));
  const leaseMs = longestSendMs + leaseMarginMs;

  const permits = createPermits(maxUnderWay);
  let stopped = false;

  const settlements = createGroupCommit<SettledRow, boolean>({
    async flush(rows) {
      const now = deps.now();
      const wakeAt = new Date(now.getTime() + wakeGraceMs);
      const { accepted, released } = await storeSettlements(deps.pool, rows, now, wakeAt);
      deps.wake(released);
      return rows.map((row) => accepted.has(row.id));
    },
    maxItems: maxSettlementsPerFlush,
    // Never more than the sends under way.
    maxWaiting: Number.POSITIVE_INFINITY,
    gatherMs: settleGatherMs,
    isolates: isDataFault,
  });

  async function sendOne(message: ClaimedMessage, leaseToken: string): Promise<void> {
    const started = performance.now();
    const outcome = await trySend(message);
    const durationMs = Math.round(performance.now() - started);
    const settlement = settle(message, outcome, deps.now(), deps.random);
    const { credentials } = message.account;
    const accepted = await persist({
      id: message.id,
      deliveryId: message.deliveryId,
      was: { leaseToken },
      settlement,
      credentials,
    });
    deps.report({
      messageId: message.id,
      deliveryId: message.deliveryId,
      accountId: message.account.id,
      kind: message.kind,
      attempt: message.attempts,
      outcome: outcome.kind,
      reason: settlement.message.reason,
      detail: settlement.message.detail,
      durationMs,
      accepted,
    });
  }

  /** An adapter does not throw; should it, whether the message left is unknown. */
  async function trySend(message: ClaimedMessage): Promise<SendOutcome> {
    const account = openAccount(deps.open, message.account);
    if (!account.ok) return { kind: 'not_sent', reason: account.reason, detail: account.detail };
    try {
      return await account.adapter.send(message, account.sending);
    } catch (error) {
      return {
        kind: 'unknown',
        reason: 'adapter_failed',
        detail: error instanceof Error ? error.name : 'not an error',
      };
    }
  }

  /**
   * What is known must not be lost to a database that is away: tried until it is recorded, or refused because the
   * message is no longer ours. A text that the database refuses is left out.
   */
  async function persist(row: SettledRow): Promise<boolean> {
    return untilRecorded(async () => {
      try {
        return await settlements.add(row);
      } catch (error) {
        if (!isDataFault(error)) throw error;
        return settlements.add({ ...row, settlement: withoutTexts(row.settlement) });
      }
    }, deps.onError);
  }

  /** Jobs that come at the same time share a claim: one statement, one commit, and each lane is counted once. */
  const claims = createGroupCommit<MessageId, Claimed | null>({
    flush: claimTogether,
    maxItems: maxUnderWay,
    // Never more than there are permits.
    maxWaiting: Number.POSITIVE_INFINITY,
    gatherMs: claimGatherMs,
    isolates: () => false,
  });

  async function claimTogether(ids: readonly MessageId[]): Promise<(Claimed | null)[]> {
    if (stopped) {
      deps.wake([...ids]);
      return ids.map(() => null);
    }
    const now = deps.now();
    const lease = { token: randomUUID(), until: new Date(now.getTime() + leaseMs) };
    const giveBack = () => untilRecorded(() => releaseClaim(deps.pool, ids, lease.token), deps.onError);
    let messages: ClaimedMessage[];
    try {
      messages = await claimMessages(deps.pool, ids, lease, now);
    } catch (error) {
      // The claim may have been committed and only its answer lost. Nothing was sent under it: give it back.
      await giveBack();
      throw error;
    }
    // This process, or the answer, may have stood still: a send that outlived the lease could meet another one.
    if (deps.now().getTime() + longestSendMs > lease.until.getTime()) {
      await giveBack();
      return ids.map(() => null);
    }
    const claimed = new Map(messages.map((message) => [message.id, message]));
    return ids.map((id) => {
      const message = claimed.get(id);
      // Of two jobs that name the same message one gets it.
      claimed.delete(id);
      return message ? { message, leaseToken: lease.token } : null;
    });
  }

  async function deliverOne(id: MessageId): Promise<void> {
    try {
      const claimed = await claims.add(id);
      if (claimed) await sendOne(claimed.message, claimed.leaseToken);
    } finally {
      permits.give(1);
    }
  }

  return {
    async deliver(ids) {
      await permits.take(ids.length);
      const all = await Promise.allSettled(ids.map(deliverOne));
      const failed = all.find((one) => one.status === 'rejected');
      if (failed) throw failed.reason;
    },
    stop() {
      stopped = true;
    },
  };
}

/** Repeats what is safe to repeat until the database has taken it; a fault in the data itself is thrown. */
async function untilRecorded<Result>(
  record: () => Promise<Result>,
  onError: (error: unknown) => void,
): Promise<Result> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await record();
    } catch (error) {
      if (isDataFault(error)) throw error;
      onError(error);
      await sleep(pauseMs);
    }
  }
}

/** What the platform said may be what the database refuses; what became of the message must be recorded regardless. */
function withoutTexts(settlement: Settlement): Settlement {
  const { message, ledger, pauseAccount } = settlement;
  return {
    ...settlement,
    message: { ...message, detail: null, externalId: null },
    recipientId: null,
    pauseAccount: pauseAccount && { ...pauseAccount, detail: '' },
    ledger: ledger.map(({ kind }) => ({ kind, detail: {} })),
  };
}
