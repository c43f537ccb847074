import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Client, createClient } from '../../demo/client.ts';
import { startFairdrop } from '../../demo/process.ts';
import { type FakeAccount, type FakeInstagram, startFakeInstagram } from '../../fakes/instagram/index.ts';
import { startRedisServer } from '../support/servers.ts';
import { createDatabase, hasRedis } from '../support/services.ts';
import { environment, openStudio } from '../support/studio.ts';

const comments = 600;
/** A wake that was lost is made good after 30 s. */
const patienceMs = 90_000;

describe.skipIf(!hasRedis)('a queue that forgets everything', () => {
  it('again and again costs time, and neither loses nor doubles a message', async () => {
    const { instagram, account, client, redis } = await open();
    const commander = new Redis(redis.url);
    onTestFinished(() => commander.disconnect());

    const talking = talk(instagram, account);
    let talks = true;
    talking.finally(() => {
      talks = false;
    });
    let flushes = 0;
    while (talks) {
      await commander.flushall();
      flushes += 1;
      await sleep(50);
    }
    await talking;
    expect(flushes).toBeGreaterThan(3);
    await expectAllServedOnce(instagram, client);
  }, 180_000);

  it('and goes away for seconds does not keep webhooks from being taken', async () => {
    const { instagram, account, client, redis } = await open();
    const port = Number(new URL(redis.url).port);
    await redis.stop();
    await talk(instagram, account);
    expect(instagram.webhookCounts).toMatchObject({ attempts: comments, acknowledged: comments });
    expect(instagram.sent).toHaveLength(0);
    const back = await startRedisServer(port);
    onTestFinished(() => back.stop());
    await expectAllServedOnce(instagram, client);
  }, 180_000);
});

async function open() {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  const appSecret = randomBytes(16).toString('hex');
  const instagram = await startFakeInstagram({ appSecret, sendEchoes: false });
  onTestFinished(() => instagram.close());
  const env = environment({ databaseUrl: database.url, instagram, appSecret, redisUrl: redis.url });
  const fairdrop = await startFairdrop(env);
  onTestFinished(() => fairdrop.stop());
  instagram.webhookUrl = `${fairdrop.url}/webhooks/instagram`;
  const client = createClient(fairdrop.url, env.FAIRDROP_BOOTSTRAP_KEY);
  return { instagram, client, redis, account: await openStudio(client, instagram) };
}

async function talk(instagram: FakeInstagram, account: FakeAccount): Promise<void> {
  for (let number = 0; number < comments; number += 4) {
    await Promise.all(
      [0, 1, 2, 3].map((offset) => {
        const user = instagram.addUser({ username: `u${number + offset}` });
        return instagram.comment({ account, user, text: 'guide' });
      }),
    );
  }
}

async function expectAllServedOnce(instagram: FakeInstagram, client: Client): Promise<void> {
  await expect.poll(() => instagram.sent.length, { timeout: patienceMs, interval: 200 }).toBe(comments);
  expect(new Set(instagram.sent.map(({ commentId }) => commentId)).size).toBe(comments);
  expect(instagram.refusals).toEqual([]);
  await expect
    .poll(() => client.get('/v1/stats'), { timeout: 60_000 })
    .toMatchObject({ received: comments, delivered: comments, waiting: 0 });
}
