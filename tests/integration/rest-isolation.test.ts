import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIntake } from '../../src/intake/intake.ts';
import { aComment } from '../support/platform.ts';
import { type Client, connect, type Harness, type Json, startHarness, triggerBody } from './rest-harness.ts';

let api: Harness;
let owner: Client;
let stranger: Client;
let own: Json;
/** An id of the owner's for each kind of thing, by the first segment of its path. */
let ids: Record<string, string>;

beforeAll(async () => {
  api = await startHarness();
  owner = await api.client(['read', 'write', 'operate']);
  stranger = await api.client(['read', 'write', 'operate']);
  own = await connect(owner);
  const pool = new pg.Pool({ connectionString: api.databaseUrl });
  const intake = createIntake({
    pool,
    wake: () => {},
    now: () => new Date(),
    random: Math.random,
    onUnstorable: (error) => expect.fail(String(error)),
  });
  await intake.receive(api.platform, [aComment(own.account.externalId)]);
  await pool.end();
  expect((await owner.post('/v1/backfills', { accountId: own.account.id })).status).toBe(201);
  ids = {};
  for (const kind of [
    'accounts',
    'resources',
    'triggers',
    'events',
    'deliveries',
    'backfills',
    'messages',
    'contacts',
    'ledger',
  ]) {
    ids[kind] = (await owner.get(`/v1/${kind}`)).body.data[0].id;
  }
});
afterAll(() => api.close());

const bodies: Record<string, unknown> = {
  accounts: { state: 'paused' },
  resources: { name: 'stolen' },
  triggers: { name: 'stolen' },
  messages: { as: 'sent' },
};

async function everyRoute(): Promise<{ method: string; path: string; kind: string; hasBody: boolean }[]> {
  const { body } = await api.request('GET', '/docs/json');
  return Object.entries<Json>(body.paths).flatMap(([path, operations]) =>
    Object.entries<Json>(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      hasBody: operation.requestBody !== undefined,
      path,
      kind: path.split('/')[2] as string,
    })),
  );
}

async function snapshot(): Promise<Json> {
  const lists = Object.keys(ids).map((kind) => owner.get(`/v1/${kind}`));
  const single = ['accounts', 'resources', 'triggers'].map((kind) => owner.get(`/v1/${kind}/${ids[kind]}`));
  return (await Promise.all([...lists, ...single, owner.get('/v1/stats')])).map(({ body }) => body);
}

describe('another workspace', () => {
  it('gets 404 on every route for an id that is not its own, and changes nothing', async () => {
    const before = await snapshot();
    const routes = (await everyRoute()).filter(({ path }) => path.includes('{id}'));
    expect(routes.length).toBeGreaterThan(15);
    for (const { method, path, kind, hasBody } of routes) {
      const address = path.replace('{id}', ids[kind] as string).replace('{version}', '1');
      const body = path.endsWith('/rehearse') ? {} : bodies[kind];
      const answer = await api.request(method, address, {
        headers: {
          authorization: `Bearer ${stranger.key}`,
          ...(hasBody && { 'content-type': 'application/json' }),
        },
        ...(hasBody && { body: JSON.stringify(body) }),
      });
      expect([answer.status, answer.body?.code], `${method} ${path}`).toEqual([404, 'not_found']);
    }
    expect(await snapshot()).toEqual(before);
  });

  it('cannot tell a foreign id from one that does not exist', async () => {
    for (const kind of ['accounts', 'resources', 'triggers', 'events', 'deliveries', 'contacts']) {
      const foreign = await stranger.get(`/v1/${kind}/${ids[kind]}`);
      const absent = await stranger.get(`/v1/${kind}/01890000-0000-7000-8000-000000000000`);
      expect(foreign.text).toBe(absent.text);
    }
  });

  it('has empty lists and zero statistics', async () => {
    const notLists = ['/v1/stats', '/v1/workspace'];
    for (const { method, path } of await everyRoute()) {
      if (method !== 'GET' || path.includes('{id}') || notLists.includes(path)) continue;
      expect((await stranger.get(path)).body, path).toEqual({ data: [], nextCursor: null });
    }
    expect((await stranger.get('/v1/stats')).body.received).toBe(0);
    const own = (await stranger.get('/v1/workspace')).body;
    expect(own.id).not.toBe((await owner.get('/v1/workspace')).body.id);
    expect((await stranger.get('/v1/events?unassigned=true')).body.data).toEqual([]);
  });

  it('finds nothing by filtering for foreign ids', async () => {
    for (const query of [
      `triggers?accountId=${ids.accounts}`,
      `events?accountId=${ids.accounts}`,
      `contacts?accountId=${ids.accounts}`,
      `deliveries?accountId=${ids.accounts}`,
      `deliveries?triggerId=${ids.triggers}`,
      `deliveries?contactId=${ids.contacts}`,
      `backfills?accountId=${ids.accounts}`,
      `ledger?deliveryId=${ids.deliveries}`,
    ]) {
      expect((await stranger.get(`/v1/${query}`)).body.data, query).toEqual([]);
      expect((await owner.get(`/v1/${query}`)).body.data.length, query).toBeGreaterThan(0);
    }
  });

  it('cannot build on foreign things', async () => {
    const theirs = await connect(stranger);
    for (const [account, resource, field] of [
      [own.account, theirs.resource, '/accountId'],
      [theirs.account, own.resource, '/resourceId'],
    ]) {
      const answer = await stranger.post('/v1/triggers', triggerBody(account, resource));
      expect([answer.status, answer.body.field]).toEqual([422, field]);
    }
    const patched = await stranger.patch(`/v1/triggers/${theirs.trigger.id}`, {
      resourceId: own.resource.id,
    });
    expect([patched.status, patched.body.field]).toEqual([422, '/resourceId']);
  });

  it('cannot go on from a cursor into foreign rows', async () => {
    await connect(owner);
    const { body } = await owner.get('/v1/accounts?limit=1');
    expect(body.nextCursor).toEqual(expect.any(String));
    const there = await stranger.get(`/v1/accounts?cursor=${body.nextCursor}`);
    expect(there.body.data.every(({ id }: Json) => id !== ids.accounts)).toBe(true);
  });
});
