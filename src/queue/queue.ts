import { setTimeout as sleep } from 'node:timers/promises';
import { createPostgresBackend, Queue, Worker } from 'bullmq';
import type { MessageId } from '../ids.ts';
import { maxMessagesPerJob, type SendJob, sendQueue } from './catalog.ts';

/** Where the queue lives: in Redis, or in the same Postgres as everything else. */
export type QueueBackend = { kind: 'redis'; url: string } | { kind: 'postgres'; url: string };

/**
 * How many jobs a worker process has under way at once; each carries up to `maxMessagesPerJob` messages, one at low load.
 * Many, because a job lasts as long as its slowest send.
 */
const workerConcurrency = 128;

/** The most that stopping waits for BullMQ to put its own affairs in order, which it cannot while Redis is away. */
const partingMs = 3_000;

/**
 * The queue is a hint: it tells workers which messages to look at. What it loses, the scheduler finds in Postgres.
 */
export interface WakeQueue {
  /** For Bull Board. */
  readonly queue: Queue;
  /** Never throws and does not wait: a wake that cannot be delivered is logged and left to the scheduler. */
  wake(ids: readonly MessageId[]): void;
  /** How many jobs wait. Resolves when the queue has answered; while it is away that may take long. */
  waiting(): Promise<number>;
  /** Starts to take jobs. */
  work(handle: (job: unknown) => Promise<void>): Promise<QueueWorker>;
  close(): Promise<void>;
}

export interface QueueWorker {
  /** How many jobs it has taken so far, and whether it has as many under way as it may. */
  consumption(): { taken: number; full: boolean };
  /** Takes no new jobs, and resolves when those under way have ended. */
  stop(): Promise<void>;
}

/**
 * Resolves when the queue can be used. Redis may be away and come back at any time; Postgres has just been there, and
 * must be: BullMQ would never recover from failing to reach it the first time.
 */
export async function openWakeQueue(
  backend: QueueBackend,
  onError: (error: Error) => void,
): Promise<WakeQueue> {
  const queue = openQueue(backend);
  queue.on('error', onError);
  if (backend.kind === 'postgres') await queue.waitUntilReady();

  return {
    queue: queue as Queue,
    wake(ids) {
      if (ids.length === 0) return;
      const jobs = [];
      for (let i = 0; i < ids.length; i += maxMessagesPerJob) {
        const data: SendJob = { v: 1, messageIds: ids.slice(i, i + maxMessagesPerJob) };
        jobs.push({ name: 'send', data, opts: { removeOnComplete: true, removeOnFail: { count: 1_000 } } });
      }
      // In bulk the Postgres backend makes temporary tables: five times the work of adding one job.
      const [first] = jobs;
      const added =
        first && jobs.length === 1 ? queue.add(first.name, first.data, first.opts) : queue.addBulk(jobs);
      added.catch(onError);
    },
    waiting: async () => (await queue.getJobCounts('waiting')).waiting ?? 0,
    async work(handle) {
      const underWay = new Set<Promise<void>>();
      let taken = 0;
      const worker = openWorker(backend, (job) => {
        taken += 1;
        const work = handle(job.data).finally(() => underWay.delete(work));
        underWay.add(work);
        return work;
      });
      worker.on('error', onError);
      worker.on('failed', (_job, error) => onError(error));
      if (backend.kind === 'postgres') await worker.waitUntilReady();
      worker.run().catch(onError);
      return {
        consumption: () => ({ taken, full: underWay.size >= workerConcurrency }),
        async stop() {
          await worker.pause(true);
          await Promise.allSettled(underWay);
          await within(partingMs, worker.close());
        },
      };
    },
    close: () => within(partingMs, queue.close()),
  };
}

/** Resolves with the work, or when the time is over: BullMQ does not let go of a Redis that is away. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  work.catch(() => {});
  await Promise.race([work, sleep(ms, undefined, { ref: false })]);
}

// A hash tag in the prefix keeps all keys in one slot of a Redis Cluster.
const redisPrefix = '{fairdrop}';

/** @param attempt from 1 @returns milliseconds; BullMQ's own default goes up to 20 s, in which comments would wait */
const reconnectDelayMs = (attempt: number): number => Math.min(attempt * 100, 2_000);

function openQueue(backend: QueueBackend) {
  if (backend.kind === 'postgres') {
    return new Queue(
      sendQueue,
      { connection: { connectionString: backend.url, max: 4 } },
      createPostgresBackend,
    );
  }
  // A producer gives up soon: the scheduler wakes again what it could not.
  const connection = { url: backend.url, maxRetriesPerRequest: 1, retryStrategy: reconnectDelayMs };
  return new Queue(sendQueue, { connection, prefix: redisPrefix });
}

function openWorker(backend: QueueBackend, process: (job: { data: unknown }) => Promise<void>) {
  const options = { concurrency: workerConcurrency, autorun: false };
  if (backend.kind === 'postgres') {
    return new Worker(
      sendQueue,
      process,
      { ...options, connection: { connectionString: backend.url, max: 4 } },
      createPostgresBackend,
    );
  }
  // A worker waits for Redis to come back.
  const connection = { url: backend.url, maxRetriesPerRequest: null, retryStrategy: reconnectDelayMs };
  return new Worker(sendQueue, process, { ...options, connection, prefix: redisPrefix });
}
