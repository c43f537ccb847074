import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, createClient, type Stats } from '../../demo/client.ts';
import { type Fairdrop, startFairdrop } from '../../demo/process.ts';
import { type FakeAccount, type FakeInstagram, startFakeInstagram } from '../../fakes/instagram/index.ts';
import { createDatabase, type TestDatabase } from '../support/services.ts';
import { environment, openStudio } from '../support/studio.ts';

const comments = 3_000;
const usersAtOnce = 32;

/** Version n listens for one of these and no other, and each comment says half of them. */
const words = Array.from({ length: 20 }, (_, index) => `word${index}`);
const wordOf = (version: number) => words[version % words.length] as string;
const settingsOf = (version: number) => ({
  keywords: [wordOf(version)],
  dmTemplates: [{ text: `{{ resource.url }} by version ${version}` }],
});

interface Event {
  id: string;
  externalId: string;
  text: string;
  outcome: string;
  reason: string;
  triggerRevision: number;
}
interface Delivery {
  id: string;
  eventId: string;
  triggerVersion: number;
  keyword: string;
}
interface Message {
  deliveryId: string;
  text: string;
}
interface Version {
  version: number;
  revision: number;
  keywords: string[];
}

describe('a trigger that is edited while two API processes take comments by the thousand', () => {
  let database: TestDatabase;
  let instagram: FakeInstagram;
  let account: FakeAccount;
  let apis: Fairdrop[] = [];
  let client: Client;
  let trigger: { id: string };
  const told = new Set<string>();
  /** What a comment was told right after the answer to an edit, by the version of that answer. */
  const probes = new Map<string, number>();

  beforeAll(async () => {
    database = await createDatabase();
    const appSecret = randomBytes(16).toString('hex');
    instagram = await startFakeInstagram({ appSecret });
    const env = environment({ databaseUrl: database.url, instagram, appSecret });
    apis = await Promise.all([1, 2].map(() => startFairdrop({ ...env, ROLE: 'api' })));
    instagram.webhookUrl = `${apis[0]?.url}/webhooks/instagram`;
    client = createClient(apis[0]?.url ?? '', env.FAIRDROP_BOOTSTRAP_KEY);
    account = await openStudio(client, instagram, settingsOf(1));
    const { data } = await client.get<{ data: { id: string }[] }>('/v1/triggers');
    trigger = data[0] as { id: string };
    await client.patch(`/v1/triggers/${trigger.id}`, { keywords: [wordOf(2)] });
  });

  afterAll(async () => {
    await Promise.all(apis.map((api) => api.stop()));
    await instagram?.close();
    await database?.drop();
  });

  let said = 0;
  async function say(text: string): Promise<string> {
    const user = instagram.addUser({ username: `reader${said++}` });
    instagram.webhookUrl = `${apis[said % apis.length]?.url}/webhooks/instagram`;
    const comment = await instagram.comment({ account, user, text });
    told.add(comment.id);
    return comment.id;
  }

  it('answers every comment while it changes', async () => {
    let next = 0;
    let editing = true;
    const talk = async () => {
      while (next < comments) {
        const number = next++;
        await say(words.filter((_, index) => index % 2 === number % 2).join(' '));
      }
    };
    const edit = async () => {
      for (let version = 3; editing; version += 1) {
        const changed = await client.patch<{ version: number }>(
          `/v1/triggers/${trigger.id}`,
          settingsOf(version),
        );
        expect(changed.version).toBe(version);
        probes.set(await say(wordOf(version)), version);
      }
    };
    const people = Promise.all(Array.from({ length: usersAtOnce }, talk)).finally(() => {
      editing = false;
    });
    await Promise.all([people, edit()]);
    await instagram.settled();
    expect(instagram.refusals).toEqual([]);
  });

  it('loses none of them', async () => {
    const stats = await client.get<Stats>('/v1/stats');
    expect(stats.received).toBe(told.size);
    expect(stats.waiting + stats.skipped).toBe(told.size);
    const events = await client.list<Event>('/v1/events');
    expect(events.map(({ externalId }) => externalId).sort()).toEqual([...told].sort());
  });

  it('matches each of them with one version, and the delivery names that one', async () => {
    const [events, deliveries, messages, versions] = await Promise.all([
      client.list<Event>('/v1/events'),
      client.list<Delivery>('/v1/deliveries'),
      client.list<Message>('/v1/messages'),
      client.list<Version>(`/v1/triggers/${trigger.id}/versions`),
    ]);
    expect(versions.length).toBe(probes.size + 2);
    const deliveryOf = new Map(deliveries.map((delivery) => [delivery.eventId, delivery]));
    const messageOf = new Map(messages.map((message) => [message.deliveryId, message]));
    const versionAt = new Map(versions.map(({ revision, version }) => [revision, version]));
    const used = new Set<number>();
    for (const event of events) {
      const version = versionAt.get(event.triggerRevision) as number;
      const delivery = deliveryOf.get(event.id);
      const matches = event.text.split(' ').includes(wordOf(version));
      expect(event.outcome, event.text).toBe(matches ? 'matched' : 'skipped');
      expect(delivery !== undefined).toBe(matches);
      if (!delivery) continue;
      used.add(version);
      expect(delivery).toMatchObject({ triggerVersion: version, keyword: wordOf(version) });
      if (version > 2)
        expect(messageOf.get(delivery.id)?.text).toMatch(new RegExp(` by version ${version}$`));
    }
    expect(deliveries).toHaveLength(events.filter(({ outcome }) => outcome === 'matched').length);
    expect(used.size).toBeGreaterThan(1);
  });

  it('counts an edit from the moment it is answered, in every process', async () => {
    const events = await client.list<Event>('/v1/events');
    const deliveries = await client.list<Delivery>('/v1/deliveries');
    const versionOf = new Map(deliveries.map(({ eventId, triggerVersion }) => [eventId, triggerVersion]));
    const probed = events.filter(({ externalId }) => probes.has(externalId));
    expect(probed).toHaveLength(probes.size);
    for (const { id, externalId } of probed) expect(versionOf.get(id)).toBe(probes.get(externalId));
  });
});
