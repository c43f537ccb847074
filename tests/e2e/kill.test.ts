import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../demo/client.ts';
import { type Fairdrop, startFairdrop } from '../../demo/process.ts';
import { type FakeInstagram, startFakeInstagram } from '../../fakes/instagram/index.ts';
import { freePort } from '../support/servers.ts';
import { createDatabase, queueBackends, type TestDatabase } from '../support/services.ts';
import { query } from '../support/sql.ts';
import { environment, openStudio } from '../support/studio.ts';

const comments = 1_500;
const kills = 12;
const talkers = 8;

for (const backend of queueBackends) {
  describe.skipIf(backend.skipped)(`killing processes at random, the queue in ${backend.name}`, () => {
    let database: TestDatabase;
    let instagram: FakeInstagram;
    let env: Record<string, string>;
    const running: Partial<Record<'api' | 'worker', Fairdrop>> = {};

    beforeAll(async () => {
      database = await createDatabase();
      const appSecret = randomBytes(16).toString('hex');
      instagram = await startFakeInstagram({
        appSecret,
        privateRepliesPerHour: Number.POSITIVE_INFINITY,
        latencyMs: 10,
        webhookRetryDelayMs: () => 200,
      });
      const given = { databaseUrl: database.url, instagram, appSecret, redisUrl: backend.redisUrl };
      env = { ...environment(given), PORT: String(await freePort()) };
      await Promise.all([start('api'), start('worker')]);
      instagram.webhookUrl = `http://127.0.0.1:${env.PORT}/webhooks/instagram`;
    });

    afterAll(async () => {
      await Promise.all([running.api?.stop(), running.worker?.stop()]);
      await instagram?.close();
      await database?.drop();
    });

    async function start(role: 'api' | 'worker'): Promise<void> {
      running[role] = await startFairdrop({ ...env, ROLE: role, ...(role === 'worker' && { PORT: '0' }) });
    }

    it(`loses nothing and doubles nothing over ${kills} kills during ${comments} comments`, async () => {
      const client = createClient(`http://127.0.0.1:${env.PORT}`, env.FAIRDROP_BOOTSTRAP_KEY ?? '');
      const account = await openStudio(client, instagram, { publicReplies: [{ text: 'Sent!' }] });

      let next = 0;
      const talk = async () => {
        while (next < comments) {
          const number = next++;
          await instagram.comment({
            account,
            user: instagram.addUser({ username: `u${number}` }),
            text: 'guide',
          });
        }
      };
      const talking = Promise.all(Array.from({ length: talkers }, talk));
      for (let kill = 0; kill < kills; kill += 1) {
        await sleep(randomInt(50, 400));
        const role = kill % 2 ? 'api' : 'worker';
        running[role]?.process.kill('SIGKILL');
        await start(role);
      }
      await talking;
      await instagram.settled();

      // What the dead were sending is unconfirmed once its lease has run out; everything else comes to its end.
      await query(
        database.url,
        "update messages set lease_until = now() - interval '5 minutes' where state = 'sending'",
      );
      await query(database.url, "update messages set wake_at = now() where state = 'queued'");
      await expect
        .poll(
          async () => {
            const [row] = await query(
              database.url,
              "select count(*)::int as moving from messages where state in ('queued', 'sending')",
            );
            return row?.moving;
          },
          { timeout: 60_000, interval: 500 },
        )
        .toBe(0);

      const stored = await query(
        database.url,
        "select external_id, outcome from events where kind = 'comment' and reason <> 'own_comment'",
      );
      expect(stored).toHaveLength(comments);
      for (const kind of ['private_reply', 'public_reply'] as const) {
        const answered = instagram.sent
          .filter((sent) => sent.kind === kind)
          .map(({ commentId }) => commentId);
        expect(new Set(answered).size, `${kind}: doubled`).toBe(answered.length);
      }
      // Instagram would have refused a second private reply: that one was tried at all would show here.
      expect(instagram.refusals.filter(({ kind }) => kind === 'private_reply')).toEqual([]);

      const states = await query(
        database.url,
        'select m.kind, m.state, m.external_id, m.target_id from messages m',
      );
      const sentIds = new Set(instagram.sent.map(({ id }) => id));
      for (const message of states) {
        if (message.state === 'sent') expect(sentIds.has(message.external_id)).toBe(true);
        else expect(['unconfirmed', 'held']).toContain(message.state);
      }
      const privately = instagram.sent.filter(({ kind }) => kind === 'private_reply');
      const confirmed = states.filter(({ kind, state }) => kind === 'private_reply' && state === 'sent');
      const doubtful = states.filter(
        ({ kind, state }) => kind === 'private_reply' && state === 'unconfirmed',
      );
      expect(confirmed.length + doubtful.length).toBe(comments);
      expect(privately.length).toBeGreaterThanOrEqual(confirmed.length);

      const stats = await client.get<Record<string, number>>('/v1/stats');
      const { received = 0, delivered = 0, waiting = 0, skipped = 0, failed = 0, expired = 0 } = stats;
      expect(received).toBe(delivered + waiting + skipped + failed + expired);
      expect({ delivered, waiting }).toEqual({ delivered: confirmed.length, waiting: doubtful.length });
      console.log(
        `${backend.name}: ${kills} kills, ${confirmed.length} confirmed, ${doubtful.length} unconfirmed, 0 lost, 0 doubled`,
      );
    }, 180_000);
  });
}
