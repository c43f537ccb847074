import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Lets concurrent callers share one database commit: while a flush is under way the others gather, and go together
 * with the next. Alone, an item waits for nothing; in a crowd it waits a moment, because a statement for many costs
 * hardly more than one for a few.
 */
export interface GroupCommit<Item, Result> {
  /** Resolves with the item's own result once it is committed; rejects when its flush failed. */
  add(item: Item): Promise<Result>;
}

/** More waits already than may: the database does not keep up, or hangs. */
export class Overloaded extends Error {
  override name = 'Overloaded';
}

/** A flush of at least so many items shows that more are coming. */
const crowd = 8;

interface Pending<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * @param options.flush commits the items and returns their results in the same order
 * @param options.maxItems the most one flush takes
 * @param options.maxWaiting the most that wait; `add` rejects with Overloaded beyond it
 * @param options.gatherMs how long others may join after a flush for a crowd, in milliseconds
 * @param options.isolates whether an error may be one item's fault: the flush is then tried again in halves, until
 *   only the guilty item fails
 */
export function createGroupCommit<Item, Result>(options: {
  flush(items: readonly Item[]): Promise<readonly Result[]>;
  maxItems: number;
  maxWaiting: number;
  gatherMs: number;
  isolates(error: unknown): boolean;
}): GroupCommit<Item, Result> {
  const waiting: Pending<Item, Result>[] = [];
  let running = false;

  async function flushBatch(batch: readonly Pending<Item, Result>[]): Promise<void> {
    try {
      const results = await options.flush(batch.map(({ item }) => item));
      batch.forEach((pending, index) => {
        pending.resolve(results[index] as Result);
      });
    } catch (error) {
      if (batch.length > 1 && options.isolates(error)) {
        const middle = batch.length >> 1;
        await flushBatch(batch.slice(0, middle));
        await flushBatch(batch.slice(middle));
      } else {
        for (const pending of batch) pending.reject(error);
      }
    }
  }

  async function run(): Promise<void> {
    running = true;
    // Requests that were read in the same turn of the event loop go together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const batch = waiting.splice(0, options.maxItems);
      await flushBatch(batch);
      if (batch.length >= crowd && waiting.length < options.maxItems) await sleep(options.gatherMs);
    }
    running = false;
  }

  return {
    add(item) {
      if (waiting.length >= options.maxWaiting)
        return Promise.reject(new Overloaded('too much waits to be committed'));
      return new Promise<Result>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (!running) void run();
      });
    },
  };
}
