import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, createClient, type Stats } from '../../demo/client.ts';
import { type Fairdrop, startFairdrop } from '../../demo/process.ts';
import { type FakeAccount, type FakeInstagram, startFakeInstagram } from '../../fakes/instagram/index.ts';
import { createDatabase, queueBackends, type TestDatabase } from '../support/services.ts';
import { environment, openStudio, unpaced } from '../support/studio.ts';

const comments = 5_000;
const usersAtOnce = 32;

interface Event {
  id: string;
  kind: string;
  externalId: string;
  outcome: string;
  reason: string;
}

for (const backend of queueBackends) {
  describe.skipIf(backend.skipped)(`api and worker as two processes, the queue in ${backend.name}`, () => {
    let database: TestDatabase;
    let instagram: FakeInstagram;
    let account: FakeAccount;
    let api: Fairdrop;
    let worker: Fairdrop;
    let client: Client;

    beforeAll(async () => {
      database = await createDatabase();
      const appSecret = randomBytes(16).toString('hex');
      // A single account here answers more than the 750 comments an hour that Instagram allows.
      instagram = await startFakeInstagram({ appSecret, privateRepliesPerHour: Number.POSITIVE_INFINITY });
      const given = { databaseUrl: database.url, instagram, appSecret, redisUrl: backend.redisUrl };
      const env = environment(given);
      [api, worker] = await Promise.all([
        startFairdrop({ ...env, ROLE: 'api' }),
        startFairdrop({ ...env, ROLE: 'worker' }),
      ]);
      instagram.webhookUrl = `${api.url}/webhooks/instagram`;
      client = createClient(api.url, env.FAIRDROP_BOOTSTRAP_KEY);
      account = await openStudio(
        client,
        instagram,
        { dmTemplates: [{ text: 'Here: {{ resource.url }}' }, { text: '{{ resource.url }} is yours' }] },
        { pacing: { private_reply: unpaced } },
      );
    });

    afterAll(async () => {
      await Promise.all([api?.stop(), worker?.stop()]);
      await instagram?.close();
      await database?.drop();
    });

    it(`turns ${comments} signed comments, every other a match, into exactly ${comments / 2} messages`, async () => {
      const wanted = new Set<string>();
      let next = 0;
      const talk = async () => {
        while (next < comments) {
          const number = next++;
          const user = instagram.addUser({ username: `reader${number}` });
          const matches = number % 2 === 0;
          const text = matches ? `GUIDE please (${number})` : `lovely (${number})`;
          const comment = await instagram.comment({ account, user, text });
          if (matches) wanted.add(comment.id);
        }
      };
      await Promise.all(Array.from({ length: usersAtOnce }, talk));
      await expect.poll(() => instagram.sent.length, { timeout: 60_000 }).toBe(comments / 2);
      await instagram.settled();

      const answered = instagram.sent.map(({ kind, commentId }) => {
        expect(kind).toBe('private_reply');
        return commentId;
      });
      expect(new Set(answered)).toEqual(wanted);
      expect(answered).toHaveLength(wanted.size);
      expect(instagram.refusals).toEqual([]);
      expect(new Set(instagram.sent.map(({ text }) => text))).toEqual(
        new Set(['Here: https://studio.example/guide', 'https://studio.example/guide is yours']),
      );
    }, 120_000);

    it('keeps totals that are exact', async () => {
      const echoes = comments / 2;
      await expect
        .poll(() => client.get<Stats>('/v1/stats'), { timeout: 60_000 })
        .toMatchObject({
          received: comments + echoes,
          delivered: comments / 2,
          waiting: 0,
          skipped: comments / 2 + echoes,
          failed: 0,
          expired: 0,
          skippedByReason: { keyword_absent: comments / 2, echo: echoes },
        });
    });

    it('explains every event', async () => {
      const events = await client.list<Event>('/v1/events');
      const commented = events.filter(({ kind }) => kind === 'comment');
      expect(commented).toHaveLength(comments);
      for (const event of commented.filter((_, index) => index % 50 === 0)) {
        const explained = await client.get<{
          summary: string;
          delivery: { state: string; messages: { state: string }[] } | null;
          triggers: { verdict: string }[];
          ledger: { kind: string }[];
        }>(`/v1/events/${event.id}/explain`);
        expect(explained.summary).not.toBe('');
        if (event.outcome === 'matched') {
          expect(explained.triggers).toMatchObject([{ verdict: 'fired' }]);
          expect(explained.delivery).toMatchObject({ state: 'delivered', messages: [{ state: 'sent' }] });
          expect(explained.ledger.map(({ kind }) => kind)).toEqual([
            'comment.matched',
            'payment.made',
            'message.sent',
            'resource.given',
          ]);
        } else {
          expect(explained).toMatchObject({
            triggers: [{ verdict: 'keyword_absent' }],
            delivery: null,
            ledger: [],
          });
        }
      }
      expect(new Set(commented.map(({ outcome, reason }) => `${outcome}: ${reason}`))).toEqual(
        new Set(['matched: trigger_matched', 'skipped: keyword_absent']),
      );
    });
  });
}
