import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type QueueBackend, queueBackends } from '../support/services.ts';
import { openArena } from './arena.ts';
import { expectBalanced } from './final-account.ts';
import { sizes, testTimeoutMs } from './sizes.ts';

const { kills, comments } = sizes.kill;

/** A file for each backend: they run at the same time. */
export function killAtRandom(name: QueueBackend['name']): void {
  const backend = queueBackends.find((candidate) => candidate.name === name)!;
  describe.skipIf(backend.skipped)(`killing processes at random, the queue in ${name}`, () => {
    it(
      `loses nothing and doubles nothing over ${kills} kills during ${comments} comments`,
      async () => {
        const arena = await openArena({
          redisUrl: backend.redisUrl,
          publicReplies: [{ text: 'Sent!' }],
          instagram: { latencyMs: 50 },
        });
        const killOne = async () => {
          await sleep(randomInt(50, 400));
          const victim = randomInt(2) === 0 ? 'api' : 'worker';
          await arena.kill(victim);
          await arena.start(victim);
        };
        await arena.talkThrough(
          comments,
          Array.from({ length: kills }, () => killOne),
        );
        await arena.fastForward();

        const account = await expectBalanced(arena);
        // What a dead process was sending is in doubt, and nothing else.
        expect(account.sent + account.unconfirmed).toBe(comments);
        console.log(`${name}, ${kills} kills, ${comments} comments:`, account);
      },
      testTimeoutMs,
    );
  });
}
