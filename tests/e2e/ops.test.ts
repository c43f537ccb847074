import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createClient } from '../../demo/client.ts';
import { type Fairdrop, startFairdrop } from '../../demo/process.ts';
import { type FakeInstagram, startFakeInstagram } from '../../fakes/instagram/index.ts';
import { fairdropCli } from '../support/cli.ts';
import { freePort, startRedisServer } from '../support/servers.ts';
import { createDatabase, hasRedis, queueBackends, type TestDatabase } from '../support/services.ts';

const key = `fd_test_${randomBytes(16).toString('hex')}`;
const encryptionKey = randomBytes(32).toString('base64');
const board = '/ops/queues';

interface BoardQueue {
  name: string;
  counts: Record<string, number>;
  readOnlyMode: boolean;
  jobs: { id: string }[];
}

for (const backend of queueBackends) {
  describe.skipIf(backend.skipped)(`what an operator sees, the queue in ${backend.name}`, () => {
    let database: TestDatabase;
    let instagram: FakeInstagram;
    let fairdrop: Fairdrop;
    let keyWithoutOperate: string;

    beforeAll(async () => {
      database = await createDatabase();
      instagram = await startFakeInstagram({ appSecret: 'secret' });
      const env = { DATABASE_URL: database.url, ENCRYPTION_KEY: encryptionKey };
      // Without a worker, so that a job stays in the queue to be looked at.
      fairdrop = await startFairdrop({
        ...env,
        ...(backend.redisUrl && { REDIS_URL: backend.redisUrl }),
        ROLE: 'api',
        PORT: '0',
        LOG_LEVEL: 'warn',
        FAIRDROP_BOOTSTRAP_KEY: key,
        INSTAGRAM_APP_SECRET: 'secret',
        INSTAGRAM_GRAPH_URL: instagram.graphUrl,
      });
      const made = await fairdropCli(env, 'key', 'create', '-s', 'read', 'write');
      keyWithoutOperate = made.stdout.trim();
      await postOneMatchingComment();
    });

    afterAll(async () => {
      await fairdrop?.stop();
      await instagram?.close();
      await database?.drop();
    });

    async function postOneMatchingComment(): Promise<void> {
      const client = createClient(fairdrop.url, key);
      const account = instagram.addAccount({ username: 'studio' });
      const { accessToken } = account;
      const connected = await client.post<{ id: string }>('/v1/accounts', {
        platform: 'instagram',
        accessToken,
      });
      const link = { name: 'Guide', kind: 'link', url: 'https://studio.example/guide' };
      const resource = await client.post<{ id: string }>('/v1/resources', link);
      await client.post('/v1/triggers', {
        accountId: connected.id,
        resourceId: resource.id,
        name: 'Guide',
        keywords: ['guide'],
        dmTemplates: [{ text: '{{ resource.url }}' }],
      });
      instagram.webhookUrl = `${fairdrop.url}/webhooks/instagram`;
      const user = instagram.addUser({ username: 'reader' });
      await instagram.comment({ account, user, text: 'guide' });
    }

    function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
      return fetch(`${fairdrop.url}${path}`, { headers });
    }

    const login = (password: string) => ({
      authorization: `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`,
    });

    async function boardQueue(): Promise<BoardQueue> {
      const response = await get(`${board}/api/queues?activeQueue=fairdrop-send&status=latest`, login(key));
      expect(response.status).toBe(200);
      const { queues } = (await response.json()) as { queues: BoardQueue[] };
      expect(queues.map(({ name }) => name)).toEqual(['fairdrop-send']);
      return queues[0] as BoardQueue;
    }

    it('hears that the process lives and can do its work', async () => {
      const health = await get('/healthz');
      expect(health.status).toBe(200);
      expect(await health.json()).toEqual({ status: 'ok' });
      const ready = await get('/readyz');
      expect(ready.status).toBe(200);
      expect(await ready.json()).toEqual({ status: 'ready', checks: { database: 'ok', queue: 'ok' } });
    });

    it.each([
      ['without a login', () => ({})],
      ['with a wrong password', () => login('fd_not_a_key_of_this_installation')],
      ['with an empty password', () => login('')],
      ['with a key that lacks the scope operate', () => login(keyWithoutOperate)],
      ['with the key as a bearer token', () => ({ authorization: `Bearer ${key}` })],
      ['with a login that is no base64', () => ({ authorization: 'Basic %%%' })],
    ])('does not see the board, its assets or its data %s', async (_how, headers) => {
      const { assets } = await boardPage();
      for (const path of [board, `${board}/`, `${board}/api/queues`, ...assets]) {
        const response = await get(path, headers());
        expect(response.status, path).toBe(401);
        expect(response.headers.get('www-authenticate'), path).toMatch(/^Basic realm=/);
        expect(await response.text()).not.toContain('fairdrop-send');
      }
    });

    it('is told in a problem document what a login takes', async () => {
      for (const headers of [{}, login('wrong'), login(keyWithoutOperate)]) {
        const response = await get(board, headers);
        expect(response.headers.get('content-type')).toContain('application/problem+json');
        expect(await response.json()).toMatchObject({
          status: 401,
          code: expect.stringMatching(/^[a-z_]+$/),
          detail: expect.stringContaining('operate'),
        });
      }
    });

    it.each(['%00', 'a%00b', '%01', '%0a', '%7F', '%C2%80', '?status=%00', '?x=%0D%0A'])(
      'gets no fault and none of the database’s words at an address with %s in it',
      async (strange) => {
        const response = await get(`${board}/api/queues/fairdrop-send/${strange}`, login(key));
        expect(response.status).toBe(404);
        expect(await response.json()).toMatchObject({ code: 'route_not_found' });
      },
    );

    it.each(['%', '%zz', '%C3%28', '?status=%ff'])(
      'is told that an address with %s in it is not properly encoded',
      async (strange) => {
        const response = await get(`${board}/api/queues/fairdrop-send/${strange}`, login(key));
        expect(response.status).toBe(400);
        expect(await response.json()).toMatchObject({ code: 'url_malformed' });
      },
    );

    it('may use a key without the scope operate for the API itself', async () => {
      const response = await get('/v1/stats', { authorization: `Bearer ${keyWithoutOperate}` });
      expect(response.status).toBe(200);
      const unassigned = await get('/v1/events?unassigned=true', {
        authorization: `Bearer ${keyWithoutOperate}`,
      });
      expect(unassigned.status).toBe(403);
    });

    /** What a browser would load with the board. */
    async function boardPage(): Promise<{ response: Response; assets: string[] }> {
      const response = await get(board, login(key));
      return { response, assets: assetsOf(await response.text(), `${board}/`) };
    }

    it('gets the board with everything that its page asks for', async () => {
      const { response, assets } = await boardPage();
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toMatch(/^text\/html/);
      await expectAssets(assets, login(key));
    });

    it('gets a page that asks nothing of another host and runs no inline script', async () => {
      const html = await (await get(board, login(key))).text();
      const addresses = Array.from(html.matchAll(/\b(?:src|href|action)="([^"]*)"/g), ([, to]) => to ?? '');
      expect(addresses.length).toBeGreaterThan(3);
      const { origin } = new URL(fairdrop.url);
      expect(addresses.filter((to) => new URL(to, fairdrop.url).origin !== origin)).toEqual([]);
      expect(html).not.toMatch(/googleapis|gstatic|\bon[a-z]+="/);
      const inline = Array.from(
        html.matchAll(/<script(?![^>]*\bsrc=)([^>]*)>/g),
        ([, attributes]) => attributes,
      );
      expect(inline).toEqual([expect.stringContaining('type="application/json"')]);
    });

    it('gets everything below the board under a policy that forbids other hosts and frames', async () => {
      const { assets } = await boardPage();
      const answers = [
        [board, login(key)],
        [`${board}/api/queues`, login(key)],
        [board, {}],
      ] as const;
      for (const [path, headers] of [...answers, ...assets.map((asset) => [asset, login(key)] as const)]) {
        const response = await get(path, headers);
        const policy = response.headers.get('content-security-policy') ?? '';
        expect(policy, path).toContain("default-src 'none'");
        expect(policy).toContain("script-src 'self';");
        expect(policy).toContain("frame-ancestors 'none'");
        expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe-inline/);
        expect(response.headers.get('x-content-type-options')).toBe('nosniff');
        expect(response.headers.get('referrer-policy')).toBe('no-referrer');
      }
    });

    it('sees the queue and the job in it', async () => {
      // The wake follows the answer to the webhook.
      await expect
        .poll(boardQueue)
        .toMatchObject({ counts: { waiting: 1 }, readOnlyMode: true, jobs: [{ id: expect.any(String) }] });
    });

    it('cannot change anything through the board', async () => {
      await expect.poll(async () => (await boardQueue()).jobs.length).toBe(1);
      const before = await boardQueue();
      const queue = `${board}/api/queues/${before.name}`;
      const job = `${queue}/${encodeURIComponent(before.jobs[0]?.id ?? '')}`;
      const attempts: [method: string, path: string, body?: unknown][] = [
        ['POST', `${queue}/add`, { name: 'send', data: { v: 1, messageIds: [] }, options: {} }],
        ['PUT', `${job}/retry`],
        ['PUT', `${job}/clean`],
        ['PUT', `${job}/promote`],
        ['PATCH', `${job}/update-data`, { jobData: {} }],
        ['PATCH', `${job}/priority`, { priority: 1 }],
        ['PATCH', `${job}/delay`, { delay: 1 }],
        ['PUT', `${queue}/retry/failed`],
        ['PUT', `${queue}/clean/waiting`],
        ['PUT', `${queue}/promote`],
        ['PUT', `${queue}/pause`],
        ['PUT', `${queue}/empty`],
        ['PUT', `${queue}/obliterate`, { force: true }],
        ['PUT', `${queue}/concurrency`, { concurrency: 1 }],
        ['PUT', `${queue}/rate-limit`, { max: 1, duration: 1 }],
        ['DELETE', job],
        ['DELETE', queue],
      ];
      const answers: Record<string, number> = {};
      for (const [method, path, body] of attempts) {
        const response = await fetch(`${fairdrop.url}${path}`, {
          method,
          headers: { ...login(key), ...(body !== undefined && { 'content-type': 'application/json' }) },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        answers[`${method} ${path}`] = response.status;
      }
      expect(Object.entries(answers).filter(([, status]) => status < 400 || status >= 500)).toEqual([]);
      // The board accepts this one and passes over the queues that are read-only.
      await fetch(`${fairdrop.url}${board}/api/queues/pause`, { method: 'PUT', headers: login(key) });
      expect(await boardQueue()).toEqual(before);
    });

    it('can browse the documentation with its assets', async () => {
      const page = await get('/docs');
      expect(page.status).toBe(200);
      expect(page.headers.get('content-type')).toMatch(/^text\/html/);
      await expectAssets(assetsOf(await page.text(), page.url));
    });

    it('gets the description of the API as OpenAPI 3.1', async () => {
      const response = await get('/docs/json');
      expect(response.status).toBe(200);
      const document = (await response.json()) as { openapi: string; paths: Record<string, object> };
      expect(document.openapi).toMatch(/^3\.1\./);
      expect(Object.keys(document.paths)).toEqual(
        expect.arrayContaining(['/v1/accounts', '/v1/triggers', '/v1/events/{id}/explain']),
      );
      expect(Object.keys(document.paths).filter((path) => !path.startsWith('/v1/'))).toEqual([]);
    });

    it.each(['/', '/nothing', '/v2/triggers', '/ops', '/docs/nothing', '/webhooks', '/.env', '/admin.php'])(
      'is told that there is nothing at %s',
      async (path) => {
        const response = await get(path);
        expect(response.status).toBe(404);
        expect(response.headers.get('content-type')).toContain('application/problem+json');
        expect(await response.json()).toMatchObject({ status: 404, code: 'route_not_found' });
      },
    );

    /** The scripts, styles and icons that a page of ours refers to. */
    function assetsOf(html: string, base: string): string[] {
      const [, basePath] = html.match(/<base href="([^"]+)"/) ?? [];
      const links = Array.from(
        html.matchAll(/<(?:script|link)[^>]+(?:src|href)="([^"]+)"/g),
        ([, url]) => url,
      );
      const page = new URL(basePath ?? base, fairdrop.url);
      const own = links.map((url) => new URL(url ?? '', page)).filter(({ origin }) => origin === page.origin);
      return own.map(({ pathname, search }) => `${pathname}${search}`);
    }

    async function expectAssets(assets: string[], headers: Record<string, string> = {}): Promise<void> {
      expect(assets.filter((path) => /\.js\b/.test(path))).not.toEqual([]);
      expect(assets.filter((path) => /\.css\b/.test(path))).not.toEqual([]);
      for (const path of assets) {
        const response = await get(path, headers);
        expect(response.status, path).toBe(200);
        if (/\.js\b/.test(path)) expect(response.headers.get('content-type')).toContain('javascript');
        if (/\.css\b/.test(path)) expect(response.headers.get('content-type')).toContain('text/css');
        expect((await response.text()).length, path).toBeGreaterThan(0);
      }
    }
  });
}

describe.skipIf(!hasRedis)('an operator is told that the queue is away, and does not wait for it,', () => {
  async function startOn(redisUrl: string) {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const fairdrop = await startFairdrop({
      DATABASE_URL: database.url,
      ENCRYPTION_KEY: encryptionKey,
      REDIS_URL: redisUrl,
      ROLE: 'api',
      PORT: '0',
      LOG_LEVEL: 'fatal',
      FAIRDROP_BOOTSTRAP_KEY: key,
    });
    onTestFinished(() => fairdrop.stop());
    const authorization = `Basic ${Buffer.from(`anybody:${key}`).toString('base64')}`;
    return (path: string) => fetch(`${fairdrop.url}${board}${path}`, { headers: { authorization } });
  }

  async function expectAway(ask: (path: string) => Promise<Response>): Promise<void> {
    const answer = await ask('/api/queues');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer.json()).toMatchObject({ code: 'queue_unavailable' });
    expect((await ask('')).status).toBe(200);
  }

  it('when it goes away', async () => {
    const redis = await startRedisServer();
    const ask = await startOn(redis.url);
    expect((await ask('/api/queues')).status).toBe(200);
    await redis.stop();
    await expectAway(ask);
  });

  it('when it has never been there', async () => {
    await expectAway(await startOn(`redis://127.0.0.1:${await freePort()}`));
  });
});
