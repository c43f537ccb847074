/** One half of the loop that everybody writes first: a webhook puts a job per comment into BullMQ. */
import { Queue } from 'bullmq';
import { serve } from '../helper-process.ts';
import { type LoopJob, loopQueue } from './loop-job.ts';
import { createReceiver } from './receiver.ts';

interface Webhook {
  entry: { id: string; changes: { value: { id: string } }[] }[];
}

const functions = {
  async listen(input: { redisUrl: string }): Promise<string> {
    const queue = new Queue<LoopJob>(loopQueue, { connection: { url: input.redisUrl } });
    await queue.waitUntilReady();
    const app = createReceiver((body) => {
      const webhook = JSON.parse(body.toString()) as Webhook;
      const jobs = webhook.entry.flatMap(({ id, changes }) =>
        changes.map(({ value }) => ({
          name: 'send',
          data: { accountId: id, commentId: value.id },
          opts: { removeOnComplete: true },
        })),
      );
      const [first] = jobs;
      return jobs.length === 1 && first ? queue.add(first.name, first.data, first.opts) : queue.addBulk(jobs);
    });
    return app.listen({ port: 0, host: '127.0.0.1' });
  },
};

export type LoopApi = typeof functions;

if (import.meta.main) serve(functions);
