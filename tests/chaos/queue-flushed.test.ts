import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRedisServer } from '../support/servers.ts';
import { hasRedis } from '../support/services.ts';
import { openArena } from './arena.ts';
import { expectAllDelivered } from './final-account.ts';
import { patienceMs, sizes, testTimeoutMs } from './sizes.ts';

const { flushes, comments } = sizes.flush;
const everyMs = 2_000;

describe.skipIf(!hasRedis)('a queue in Redis', () => {
  it(
    `that forgets everything every ${everyMs / 1000} s costs time, and neither loses nor doubles a message`,
    async () => {
      const redis = await startRedisServer();
      onTestFinished(() => redis.stop());
      const commander = new Redis(redis.url);
      onTestFinished(() => commander.disconnect());
      const arena = await openArena({ redisUrl: redis.url, instagram: { latencyMs: 200 } });

      // Nobody has taken the first wakes when they are lost.
      await arena.stop('worker');
      await arena.talk(Math.round(comments / (flushes + 1)));
      await expect.poll(() => commander.dbsize(), { timeout: patienceMs }).toBeGreaterThan(0);
      await commander.flushall();
      await arena.start('worker');

      let forgotten = 0;
      const flush = async () => {
        await sleep(everyMs);
        forgotten += await commander.dbsize();
        await commander.flushall();
      };
      await arena.talkThrough(
        comments,
        Array.from({ length: flushes }, () => flush),
      );
      await expectAllDelivered(arena);
      expect(arena.comments).toHaveLength(comments);
      console.log(`${flushes} flushes of ${forgotten} keys during ${comments} comments: all delivered, once`);
    },
    testTimeoutMs,
  );
});
