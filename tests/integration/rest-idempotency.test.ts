import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { purgeIdempotencyKeys } from '../../src/catalog/idempotency.ts';
import { type Client, connect, type Harness, startHarness, triggerBody } from './rest-harness.ts';

let api: Harness;
let client: Client;
beforeAll(async () => {
  api = await startHarness();
});
beforeEach(async () => {
  client = await api.client();
});
afterAll(() => api.close());

const hour = 60 * 60 * 1000;
const body = { name: 'Guide', kind: 'text', text: 'a' };
const create = (key: string, given: object = body, by = client) =>
  by.post('/v1/resources', given, { 'idempotency-key': key });
const resources = async () => (await client.get('/v1/resources')).body.data.length;

describe('an Idempotency-Key', () => {
  it('gives a repeated creation the first answer', async () => {
    const first = await create('k');
    const again = await create('k', { text: 'a', kind: 'text', name: ' Guide ' });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(await resources()).toBe(1);
  });

  it('covers accounts and triggers, without asking the platform again', async () => {
    const { account, resource } = await connect(client);
    const asked = api.platform.identified.length;
    const headers = { 'idempotency-key': 'account' };
    const connecting = { platform: 'instagram', accessToken: 'token-of-500' };
    const [first, again] = [
      await client.post('/v1/accounts', connecting, headers),
      await client.post('/v1/accounts', connecting, headers),
    ];
    // The second alone would have been a renewal: 200.
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
    expect(api.platform.identified.length).toBe(asked + 1);
    const trigger = () =>
      client.post('/v1/triggers', triggerBody(account, resource), { 'idempotency-key': 'trigger' });
    expect((await trigger()).text).toBe((await trigger()).text);
    expect((await client.get('/v1/triggers')).body.data).toHaveLength(2);
  });

  it('creates one thing of many requests at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create('k')));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
    expect(answers.filter(({ headers }) => headers.has('idempotency-replayed'))).toHaveLength(7);
    expect(await resources()).toBe(1);
  });

  it('is refused for another request, also on another route', async () => {
    await create('k');
    const other = await create('k', { ...body, name: 'Other' });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
    const elsewhere = await client.post(
      '/v1/accounts',
      { platform: 'instagram', accessToken: 'token-of-501' },
      { 'idempotency-key': 'k' },
    );
    expect(elsewhere.body.code).toBe('idempotency_key_reused');
    expect(await resources()).toBe(1);
  });

  it('belongs to its workspace', async () => {
    const other = await api.client();
    const [mine, theirs] = [await create('k'), await create('k', body, other)];
    expect(theirs.status).toBe(201);
    expect(theirs.body.id).not.toBe(mine.body.id);
  });

  it('is not used up by a request that was refused', async () => {
    expect((await create('k', { ...body, text: '' })).status).toBe(422);
    const { account, resource } = await connect(client);
    const trigger = (text: string) =>
      client.post('/v1/triggers', triggerBody(account, resource, { dmTemplates: [{ text }] }), {
        'idempotency-key': 'k',
      });
    expect((await trigger('gives nothing')).status).toBe(422);
    expect((await trigger('{{ resource.url }}')).status).toBe(201);
  });

  it('is forgotten after 24 hours', async () => {
    const start = api.clock.now;
    const first = await create('k');
    api.clock.now = new Date(start.getTime() + 23 * hour);
    expect((await create('k')).body.id).toBe(first.body.id);
    api.clock.now = new Date(start.getTime() + 25 * hour);
    const late = await create('k', { ...body, name: 'Other' });
    expect(late.status).toBe(201);
    expect(late.body.id).not.toBe(first.body.id);
    expect((await create('k', { ...body, name: 'Other' })).body.id).toBe(late.body.id);
    await purgeIdempotencyKeys(api.pool, new Date(start.getTime() + 40 * hour));
    expect(await api.prisma.idempotencyKey.count({ where: { workspaceId: client.workspaceId } })).toBe(1);
    await purgeIdempotencyKeys(api.pool, new Date(start.getTime() + 50 * hour));
    expect(await api.prisma.idempotencyKey.count()).toBe(0);
    api.clock.now = start;
  });

  it('tells when the first request takes too long', async () => {
    const held = Promise.withResolvers<void>();
    const inserted = Promise.withResolvers<void>();
    const first = api.prisma.$transaction(
      async (tx) => {
        await tx.idempotencyKey.create({
          data: { workspaceId: client.workspaceId, key: 'k', requestHash: Buffer.alloc(32) },
        });
        inserted.resolve();
        await held.promise;
      },
      { timeout: 60_000 },
    );
    await inserted.promise;
    const answer = await create('k');
    expect([answer.status, answer.body.code]).toEqual([409, 'idempotency_key_in_progress']);
    held.resolve();
    await first.catch(() => {});
  });

  it.each(['a b', 'é', '', 'x'.repeat(201)])(
    'is 1 to 200 visible ASCII characters: %j is not',
    async (key) => {
      const answer = await create(key);
      expect([answer.status, answer.body.code, answer.body.field]).toEqual([
        400,
        'header_invalid',
        'idempotency-key',
      ]);
    },
  );
});
