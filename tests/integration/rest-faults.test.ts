import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { buildApp } from '../../src/api/app.ts';
import { newApiKey } from '../../src/crypto/api-key.ts';
import { PrismaClient } from '../../src/db/generated/client.ts';
import { freePort } from '../support/servers.ts';
import { createDatabase } from '../support/services.ts';
import { query } from '../support/sql.ts';
import { type Client, connect, type Harness, startHarness } from './rest-harness.ts';

let api: Harness;
let client: Client;
beforeAll(async () => {
  api = await startHarness();
  client = await api.client();
});
afterAll(() => api.close());

describe('a fault', () => {
  it('in our own code is a problem without any insides, and in the log with all of them', async () => {
    const answer = await api.request('GET', '/broken');
    expect(answer.status).toBe(500);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body.code).toBe('internal_error');
    expect(answer.text).not.toContain('secret');
    expect(api.log.filter((line) => line.includes('a secret detail of the inside'))).toHaveLength(1);
  });

  it('of the database is 503 and says when to try again', async () => {
    const port = await freePort();
    const prisma = new PrismaClient({
      adapter: new PrismaPg({ connectionString: `postgres://someone:password1@127.0.0.1:${port}/nothing` }),
    });
    const { secretBox, deliveries, backfills } = api;
    const app = buildApp({
      prisma,
      platforms: new Map(),
      secretBox,
      deliveries,
      backfills,
      publicUrl: 'https://fairdrop.example',
    });
    const answer = await app.inject({
      url: '/v1/stats',
      headers: { authorization: `Bearer ${newApiKey()}` },
    });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'database_unavailable']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.body).not.toMatch(/127\.0\.0\.1|password1|prisma/i);
    await app.close();
    await prisma.$disconnect();
  });

  it('of connections that are cut is over with the next request', async () => {
    const slow = api.prisma.$queryRaw`select pg_sleep(20)`.catch(() => 'cut');
    await expect
      .poll(async () => {
        const [row] = await api.prisma.$queryRaw<{ cut: number }[]>`
          select count(pg_terminate_backend(pid))::int as cut from pg_stat_activity
          where datname = current_database() and query like 'select pg_sleep%' and state = 'active'`;
        return row?.cut;
      })
      .toBe(1);
    expect(await slow).toBe('cut');
    expect((await client.get('/v1/stats')).status).toBe(200);
  });

  it('of a database that takes no connections is 503', async () => {
    const database = await createDatabase();
    const { pathname } = new URL(database.url);
    await query(inject('databaseUrl'), `alter database ${pathname.slice(1)} allow_connections false`);
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url }) });
    const { secretBox, deliveries, backfills } = api;
    const app = buildApp({ prisma, platforms: new Map(), secretBox, deliveries, backfills });
    const answer = await app.inject({
      url: '/v1/stats',
      headers: { authorization: `Bearer ${newApiKey()}` },
    });
    expect([answer.statusCode, answer.json().code]).toEqual([503, 'database_unavailable']);
    await app.close();
    await prisma.$disconnect();
    await database.drop();
  });

  it('of a change that cannot get its turn is 503, and changes nothing', async () => {
    const { trigger } = await connect(client);
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const holding = api.prisma.$transaction(
      async (tx) => {
        await tx.$queryRaw`select 1 from workspaces where id = ${client.workspaceId}::uuid for update`;
        locked.resolve();
        await held.promise;
      },
      { timeout: 60_000 },
    );
    await locked.promise;
    const answer = await client.patch(`/v1/triggers/${trigger.id}`, { name: 'Other' });
    expect([answer.status, answer.headers.has('retry-after')]).toEqual([503, true]);
    // Reading waits for nobody.
    expect((await client.get(`/v1/triggers/${trigger.id}`)).body).toEqual(trigger);
    held.resolve();
    await holding;
  });
});

it('a line of the log says which route was asked, and neither the key nor the query', async () => {
  await client.get('/v1/events?limit=7');
  const lines = api.log.filter((line) => line.includes('/v1/events')).map((line) => JSON.parse(line));
  expect(lines).toMatchObject([{ event: 'rest', method: 'GET', route: '/v1/events', status: 200 }]);
  expect(api.log.join()).not.toContain(client.key);
  expect(api.log.join()).not.toContain('limit=7');
});
