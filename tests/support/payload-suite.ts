import { createHmac, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, createClient } from '../../demo/client.ts';
import { type Fairdrop, startFairdrop } from '../../demo/process.ts';
import { type FakeInstagram, startFakeInstagram } from '../../fakes/instagram/index.ts';
import { createDatabase, type TestDatabase } from './services.ts';

/** What becomes of a payload whose entry names an account that is connected and has a trigger for the keyword. */
export type Fate = [kind: string, outcome: string, reason: string];

export const fates = {
  matched: ['comment', 'matched', 'trigger_matched'],
  otherWords: ['comment', 'skipped', 'keyword_absent'],
  noAuthor: ['comment', 'skipped', 'author_unknown'],
  ownComment: ['comment', 'skipped', 'own_comment'],
  echo: ['echo', 'skipped', 'echo'],
  unsupported: ['unsupported', 'skipped', 'unsupported'],
  /** Without an entry: nothing in it can name a connected account. */
  noWebhook: ['unreadable', 'skipped', 'unreadable'],
  /** Stored, and no comment. */
  quiet: (kind: string): Fate => [kind, 'skipped', 'not_a_comment'],
} satisfies Record<string, Fate | ((kind: string) => Fate)>;

const noEnvelope = 'The envelope has no object "instagram" with a list of entries.';

export interface StoredEvent {
  id: string;
  kind: string;
  accountId: string | null;
  accountExternalId: string;
  externalId: string | null;
  authorUsername: string | null;
  text: string | null;
  outcome: string;
  reason: string;
  timesReceived: number;
}

// biome-ignore lint/suspicious/noExplicitAny: payloads are whatever their authors wrote
type Json = any;

export interface PayloadSuite {
  post(bytes: string | Buffer, signature: string): Promise<Response>;
  /** Events of accounts that nobody has connected. */
  unassigned(): Promise<StoredEvent[]>;
}

/**
 * Posts every file of a folder to a running service, as it is and then with the id of a connected account, and
 * compares what is stored with the table. To be called inside a `describe`.
 */
export function testPayloads(given: {
  folder: string;
  expected: Readonly<Record<string, Fate>>;
  /** What the trigger of every account waits for. */
  keyword: string;
  /** Further secrets that sign webhooks. */
  moreSecrets?: readonly string[];
}): PayloadSuite {
  const { folder, expected, keyword, moreSecrets = [] } = given;
  const files = Object.keys(expected);
  let database: TestDatabase;
  let instagram: FakeInstagram;
  let fairdrop: Fairdrop;
  let client: Client;
  const secret = randomBytes(16).toString('hex');
  /** The platform's id of the account that is connected for a file's second round, and ours. */
  const accounts = new Map<string, { externalId: string; id: string }>();

  beforeAll(async () => {
    database = await createDatabase();
    instagram = await startFakeInstagram({ appSecret: secret });
    const key = `fd_test_${randomBytes(16).toString('hex')}`;
    fairdrop = await startFairdrop({
      ROLE: 'api',
      PORT: '0',
      LOG_LEVEL: 'warn',
      DATABASE_URL: database.url,
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      FAIRDROP_BOOTSTRAP_KEY: key,
      INSTAGRAM_APP_SECRET: [secret, ...moreSecrets].join(' , '),
      INSTAGRAM_GRAPH_URL: instagram.graphUrl,
    });
    client = createClient(fairdrop.url, key);
    instagram.webhookUrl = `${fairdrop.url}/webhooks/instagram`;
  });

  afterAll(async () => {
    await fairdrop?.stop();
    await instagram?.close();
    await database?.drop();
  });

  function post(bytes: string | Buffer, signature: string): Promise<Response> {
    return fetch(`${fairdrop.url}/webhooks/instagram`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature },
      body: bytes,
    });
  }

  async function postSigned(bytes: string | Buffer): Promise<void> {
    const digest = createHmac('sha256', secret).update(bytes).digest('hex');
    const response = await post(bytes, `sha256=${digest}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ received: 1 });
  }

  const read = (file: string) => readFileSync(path.join(folder, file));
  const entryOf = (payload: Json) => (Array.isArray(payload) ? payload[0] : payload).entry?.[0];
  const eventsWith = async (query: string) =>
    (await client.get<{ data: StoredEvent[] }>(`/v1/events?limit=200&${query}`)).data;
  const unassigned = () => eventsWith('unassigned=true');

  it('are all in the table', () => {
    const present = readdirSync(folder).filter((name) => name.endsWith('.json'));
    expect(files.toSorted()).toEqual(present.toSorted());
  });

  describe('of accounts that nobody has connected', () => {
    beforeAll(async () => {
      for (const file of files) await postSigned(read(file));
    });

    it.each(files)('%s is stored and an operator can read why it went nowhere', async (file) => {
      const payload = JSON.parse(read(file).toString());
      const [kind] = expected[file] as Fate;
      const accountExternalId = entryOf(payload)?.id ?? '';
      const reason = kind === 'unreadable' || kind === 'unsupported' ? kind : 'unknown_account';
      const candidates = (await unassigned()).filter(
        (event) => event.kind === kind && event.accountExternalId === accountExternalId,
      );
      expect(candidates).not.toEqual([]);
      for (const event of candidates) {
        expect(event).toMatchObject({ outcome: 'skipped', reason, accountId: null });
        const explained = await client.get<{ summary: string; delivery: null }>(
          `/v1/events/${event.id}/explain`,
        );
        expect(explained).toMatchObject({ delivery: null, summary: expect.stringMatching(/./) });
      }
      if (kind !== 'unreadable') return;
      const whole = await Promise.all(candidates.map(({ id }) => client.get<Json>(`/v1/events/${id}`)));
      expect(whole.map((event) => event.payload)).toContainEqual({ reason: noEnvelope, item: payload });
    });

    it('are each counted once, those with the ids of another as its repetition', async () => {
      const events = await unassigned();
      expect(events.reduce((sum, event) => sum + event.timesReceived, 0)).toBe(files.length);
      const key = (event: StoredEvent) =>
        [event.accountExternalId, event.kind, event.externalId ?? event.id].join();
      expect(new Set(events.map(key)).size).toBe(events.length);
    });

    it('are no business of a workspace', async () => {
      expect(await client.list<StoredEvent>('/v1/events')).toEqual([]);
    });
  });

  describe('with the id of a connected account', () => {
    beforeAll(async () => {
      const link = { name: 'Guide', kind: 'link', url: 'https://studio.example/guide' };
      const resource = await client.post<{ id: string }>('/v1/resources', link);
      // One account a file: several of them tell of a comment with the same made-up id.
      for (const [number, file] of files.entries()) {
        const { id: externalId, accessToken } = instagram.addAccount({ username: `studio${number}` });
        const { id } = await client.post<{ id: string }>('/v1/accounts', {
          platform: 'instagram',
          accessToken,
        });
        accounts.set(file, { externalId, id });
        await client.post('/v1/triggers', {
          accountId: id,
          resourceId: resource.id,
          name: 'Guide',
          keywords: [keyword],
          includeReplies: true,
          dmTemplates: [{ text: '{{ resource.url }}' }],
        });
      }
    });

    const table = Object.entries(expected).map(([file, fate]) => [file, ...fate] as const);

    it.each(table)('%s becomes: %s, %s, %s', async (file, kind, outcome, reason) => {
      const account = accounts.get(file) as { externalId: string; id: string };
      const payload = JSON.parse(read(file).toString());
      const entry = entryOf(payload);
      if (entry) entry.id = account.externalId;
      await postSigned(JSON.stringify(payload));

      const stored = await eventsWith(`accountId=${account.id}`);
      if (!entry) {
        expect(stored).toEqual([]);
        const strange = (await unassigned()).filter((event) => event.kind === kind);
        expect(strange.map((event) => [event.outcome, event.reason])).toContainEqual([outcome, reason]);
        expect(strange.map(({ timesReceived }) => timesReceived)).toContain(2);
        return;
      }
      expect(stored).toMatchObject([{ kind, outcome, reason, accountId: account.id, timesReceived: 1 }]);
    });
  });

  return { post, unassigned };
}
