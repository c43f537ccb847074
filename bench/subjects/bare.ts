import { setTimeout as sleep } from 'node:timers/promises';
import type { LoopApi } from '../baselines/loop-api.ts';
import type { LoopWorker } from '../baselines/loop-worker.ts';
import type { Receiver } from '../baselines/receiver.ts';
import { startHelper } from '../helper-process.ts';
import type { BenchRedis } from '../servers/redis.ts';
import type { Subject } from './subject.ts';

/** From the answer of the platform to the end of the job. */
const jobEndMs = 100;

export async function startBareReceiver(): Promise<Subject> {
  const receiver = startHelper<Receiver>('baselines/receiver.ts');
  return {
    name: 'bare receiver',
    webhookUrl: `${await receiver.call('listen')}/webhooks/instagram`,
    processes: { api: receiver.pid },
    settled: async () => {},
    stop: receiver.stop,
  };
}

export async function startBareLoop(redis: BenchRedis, graphUrl: string): Promise<Subject> {
  // Fairdrops have the databases from 1 on.
  const redisUrl = `${redis.url}/0`;
  const api = startHelper<LoopApi>('baselines/loop-api.ts');
  const worker = startHelper<LoopWorker>('baselines/loop-worker.ts');
  await worker.call('work', { redisUrl, graphUrl });
  return {
    name: 'bare loop',
    webhookUrl: `${await api.call('listen', { redisUrl })}/webhooks/instagram`,
    processes: { api: api.pid, worker: worker.pid, redis: redis.pid },
    settled: () => sleep(jobEndMs),
    stop: async () => void (await Promise.all([api.stop(), worker.stop()])),
  };
}
