/** The other half: a worker that posts a private reply per job. No database, no matching, no promise. */
import { Worker } from 'bullmq';
import { Pool } from 'undici';
import { serve } from '../helper-process.ts';
import { accessToken, accountExternalId } from '../load/comments.ts';
import { accountCount } from '../settings.ts';
import { type LoopJob, loopQueue } from './loop-job.ts';

const concurrency = 64;

const functions = {
  async work(input: { redisUrl: string; graphUrl: string }): Promise<void> {
    const url = new URL(input.graphUrl);
    const pool = new Pool(url.origin, { connections: concurrency, pipelining: 1 });
    const tokens = new Map(
      Array.from({ length: accountCount }, (_, account) => [
        accountExternalId(account),
        accessToken(account),
      ]),
    );
    const worker = new Worker<LoopJob>(
      loopQueue,
      async ({ data: { accountId, commentId } }) => {
        const answer = await pool.request({
          method: 'POST',
          path: `${url.pathname}/${accountId}/messages`,
          headers: {
            authorization: `Bearer ${tokens.get(accountId)}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify({
            recipient: { comment_id: commentId },
            message: { text: 'Hi, here is the guide: https://studio.example/guide.pdf' },
          }),
        });
        await answer.body.json();
        if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`);
      },
      { connection: { url: input.redisUrl }, concurrency },
    );
    worker.on('error', (error) => console.error(error));
    await worker.waitUntilReady();
  },
};

export type LoopWorker = typeof functions;

if (import.meta.main) serve(functions);
