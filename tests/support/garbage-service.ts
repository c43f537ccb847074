/** One running service process, at which a test file throws its garbage, and what must hold whatever is thrown. */
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, createClient } from '../../demo/client.ts';
import { type Fairdrop, startFairdrop } from '../../demo/process.ts';
import { type FakeAccount, type FakeInstagram, startFakeInstagram } from '../../fakes/instagram/index.ts';
import { pathsOf, replaceAt, wrong } from './garbage.ts';
import { createDatabase, type TestDatabase } from './services.ts';

const secret = randomBytes(16).toString('hex');
export const verifyToken = 'a verify token';
export const key = `fd_test_${randomBytes(16).toString('hex')}`;
export const hook = '/webhooks/instagram';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}
type Body = string | Buffer;

let database: TestDatabase;
export let pool: pg.Pool;
export let instagram: FakeInstagram;
export let account: FakeAccount;
export let fairdrop: Fairdrop;
export let client: Client;
export let ids: { account: string; resource: string; trigger: string };

/** For a test file to call once: a service of its own, the same process from its first test to its last. */
export function useOneService(): void {
  beforeAll(async () => {
    database = await createDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 2 });
    pool.on('error', () => {});
    instagram = await startFakeInstagram({ appSecret: secret, verifyToken });
    fairdrop = await startFairdrop({
      ROLE: 'all',
      PORT: '0',
      LOG_LEVEL: 'warn',
      DATABASE_URL: database.url,
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      FAIRDROP_BOOTSTRAP_KEY: key,
      INSTAGRAM_APP_SECRET: secret,
      INSTAGRAM_VERIFY_TOKEN: verifyToken,
      INSTAGRAM_GRAPH_URL: instagram.graphUrl,
    });
    client = createClient(fairdrop.url, key);
    instagram.webhookUrl = `${fairdrop.url}${hook}`;
    account = instagram.addAccount({ username: 'studio' });
    const connection = { platform: 'instagram', accessToken: account.accessToken };
    const connected = await client.post<{ id: string }>('/v1/accounts', connection);
    const resource = await client.post<{ id: string }>('/v1/resources', validResource);
    const trigger = await client.post<{ id: string }>('/v1/triggers', {
      ...{ accountId: connected.id, resourceId: resource.id, name: 'Guide', keywords: ['guide'] },
      frequency: 'unlimited',
      dmTemplates: [{ text: 'For {{ contact.username }}: {{ resource.name }} {{ resource.url }}' }],
    });
    ids = { account: connected.id, resource: resource.id, trigger: trigger.id };
  });

  afterAll(async () => {
    await fairdrop?.stop();
    await instagram?.close();
    await pool?.end();
    await database?.drop();
  });
}

export const validResource = { name: 'Guide', kind: 'link', url: 'https://studio.example/guide' };
export const validTrigger = () => ({
  ...{ accountId: ids.account, resourceId: ids.resource, name: 'T', priority: 0, state: 'paused' },
  ...{ keywords: ['aword'], includeReplies: false, mediaIds: ['1'] },
  dmTemplates: [{ text: '{{ resource.url }}', weight: 1 }],
  publicReplies: [{ text: 'sent', weight: 1 }],
});

export function send(
  method: string,
  path: string,
  headers: OutgoingHttpHeaders = {},
  body?: Body,
): Promise<Answer> {
  const { hostname, port } = new URL(fairdrop.url);
  return new Promise((resolve, reject) => {
    const request = http.request({ method, path, headers, hostname, port, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

export const sha = (algorithm: 'sha1' | 'sha256', body: Body, by = secret) =>
  `${algorithm}=${createHmac(algorithm, by).update(body).digest('hex')}`;
export const postSigned = (body: Body, headers: OutgoingHttpHeaders = {}) =>
  send(
    'POST',
    hook,
    { 'content-type': 'application/json', 'x-hub-signature-256': sha('sha256', body), ...headers },
    body,
  );
const withKey = { authorization: `Bearer ${key}` };
export const call = (method: string, path: string, body?: Body, headers: OutgoingHttpHeaders = {}) =>
  send(
    method,
    path,
    { ...withKey, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    body,
  );

/** A success, or a refusal in the form of a problem document; and nothing of our insides either way. */
export function expectSane(answer: Answer, what: string): Answer {
  const { status, headers, text } = answer;
  const said = `${what}: ${status} ${text.slice(0, 300)}`;
  expect(status < 300 || (status >= 400 && status < 500), said).toBe(true);
  if (status < 300) return answer;
  expect(headers['content-type'], said).toBe('application/problem+json');
  expect(JSON.parse(text), said).toMatchObject({
    status,
    code: expect.stringMatching(/^[a-z][a-z_]+$/),
    detail: expect.stringMatching(/\S.*\.$/),
  });
  expect(text, said).not.toMatch(/\n\s*at |\bat \S+ \(\S+:\d|node_modules|\/src\/|SELECT|INSERT|pg_|prisma/i);
  return answer;
}

export async function expectStatus(
  asked: Promise<Answer>,
  what: string,
  ...allowed: number[]
): Promise<Answer> {
  const answer = expectSane(await asked, what);
  expect(allowed, `${what}: ${answer.status} ${answer.text.slice(0, 300)}`).toContain(answer.status);
  return answer;
}

/** The number of rows of every table of the application; but for the tallies, whose notes come and go. */
async function counts(): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ t: string }>(
    "select quote_ident(table_name) as t from information_schema.tables where table_schema = 'public' and table_name not like 'tall%' order by 1",
  );
  expect(rows.length).toBeGreaterThan(10);
  const each = rows.map(({ t }) => `select '${t}' as t, count(*)::int as n from ${t}`);
  const counted = await pool.query<{ t: string; n: number }>(each.join(' union all '));
  return Object.fromEntries(counted.rows.map(({ t, n }) => [t, n]));
}

export async function expectNoRow(act: () => Promise<void>): Promise<void> {
  // The echoes of what went out before are still on their way.
  await instagram.settled();
  const before = await counts();
  await act();
  expect(await counts()).toEqual(before);
}

/** A message that could be read opens a conversation, whatever else is wrong in it. @returns how many events were added */
export async function expectSkippedEventsOnly(act: () => Promise<void>): Promise<number> {
  const before = await counts();
  await act();
  const after = await counts();
  expect({ ...after, events: 0, conversations: 0 }).toEqual({ ...before, events: 0, conversations: 0 });
  const { rows } = await pool.query('select distinct outcome, contact_id from events');
  expect(rows).toEqual([{ outcome: 'skipped', contact_id: null }]);
  return (after.events ?? 0) - (before.events ?? 0);
}

export async function eachAtOnce<T>(items: readonly T[], act: (item: T, index: number) => Promise<unknown>) {
  let next = 0;
  const work = async () => {
    for (let i = next++; i < items.length; i = next++) await act(items[i] as T, i);
  };
  await Promise.all(Array.from({ length: 12 }, work));
}

/** A valid webhook of one comment, one message, and a second entry with a comment that is left alone. */
export function webhook(n: number | string, text: string) {
  const from = { id: '526000000000001', username: 'reader' };
  const comment = {
    id: `c${n}`,
    parent_id: '179',
    from,
    text,
    media: { id: '18', media_product_type: 'FEED' },
  };
  const story = { id: '17', url: 'https://cdn.example/story' };
  const attachments = [{ type: 'image', payload: { url: 'https://cdn.example/image' } }];
  const message = { mid: `m${n}`, text: 'hello', attachments, reply_to: { story } };
  const frame = { sender: { id: '526' }, recipient: { id: account.id }, timestamp: Date.now() };
  const neighbour = { id: `neighbour${n}`, from, text: 'nice' };
  const head = { id: account.id, time: Math.floor(Date.now() / 1000) };
  return {
    object: 'instagram',
    entry: [
      { ...head, changes: [{ field: 'comments', value: comment }], messaging: [{ ...frame, message }] },
      { ...head, changes: [{ field: 'comments', value: neighbour }] },
    ],
  };
}

/** Webhooks in which each field in turn is wrong, of which events remain that are left alone. */
export async function letGarbageIn(): Promise<void> {
  const paths = pathsOf(webhook(0, 'lovely'));
  const added = await expectSkippedEventsOnly(() =>
    eachAtOnce(paths, async (path, n) => {
      const by = wrong[n % wrong.length];
      const body = JSON.stringify(replaceAt(webhook(`in${n}`, 'lovely'), path, by));
      await expectStatus(postSigned(body), `/${path.join('/')}`, 200);
    }),
  );
  expect(added).toBeGreaterThan(paths.length);
}

/** Bytes as they are, without a client that knows HTTP. */
export async function exchange(...parts: (Body | Promise<unknown>)[]): Promise<string> {
  const socket = await dial();
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  const closed = once(socket, 'close');
  for (const part of parts) {
    if (part instanceof Promise) await part;
    else if (socket.writable) socket.write(part);
  }
  await closed;
  return text;
}

export async function dial(): Promise<Socket> {
  const { hostname, port } = new URL(fairdrop.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** For the end of a test file: the tests of what the process is like after all that went before. */
export function describeTheAftermath(): void {
  describe('after all of that', () => {
    it('the same process serves a good comment, exactly once', async () => {
      expect(fairdrop.process.exitCode).toBeNull();
      const user = instagram.addUser({ username: 'polite' });
      const good = await instagram.comment({ account, user, text: 'guide, please' });
      for (let i = 0; i < 3; i++) expect((await instagram.redeliver(good))?.status).toBe(200);
      const sentTo = (id: string) => instagram.sent.filter(({ commentId }) => commentId === id);
      await expect.poll(() => sentTo(good.id), { timeout: 60_000 }).toHaveLength(1);
      const next = await instagram.comment({ account, user, text: 'the guide once more' });
      await expect.poll(() => sentTo(next.id), { timeout: 60_000 }).toHaveLength(1);
      expect(sentTo(good.id)).toMatchObject([{ text: 'For polite: Guide https://studio.example/guide' }]);
    });

    it('nothing was logged as a fault of ours, and no secret was logged', () => {
      const faults = fairdrop
        .output()
        .split('\n')
        .filter((line) => /"level":[56]0/.test(line));
      expect(faults.map((line) => line.slice(0, 300))).toEqual([]);
      for (const hidden of [secret, key, account.accessToken])
        expect(fairdrop.output()).not.toContain(hidden);
    });
  });
}
