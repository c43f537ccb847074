import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRedisServer } from '../support/servers.ts';
import { hasRedis } from '../support/services.ts';
import { openArena } from './arena.ts';
import { expectAllDelivered } from './final-account.ts';
import { sizes, testTimeoutMs } from './sizes.ts';

const { forMs, comments } = sizes.queueAway;

describe.skipIf(!hasRedis)('a queue in Redis', () => {
  it(
    `that is away for ${forMs / 1000} s keeps no webhook from being taken, and work resumes by itself`,
    async () => {
      const redis = await startRedisServer();
      onTestFinished(() => redis.stop());
      const arena = await openArena({ redisUrl: redis.url });
      await arena.talk(comments / 3);

      await redis.stop();
      await Promise.all([sleep(forMs), arena.talk(comments / 3)]);
      const back = await startRedisServer(Number(new URL(redis.url).port));
      onTestFinished(() => back.stop());
      await arena.talk(comments / 3);

      expect(arena.answers.filter(({ status }) => status !== 200)).toEqual([]);
      await expectAllDelivered(arena);
      expect(arena.comments).toHaveLength(comments);
    },
    testTimeoutMs,
  );
});
