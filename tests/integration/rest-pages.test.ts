import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { type Client, connect, type Harness, type Json, readAll, startHarness } from './rest-harness.ts';

let api: Harness;
let client: Client;
let own: Json;

const addContacts = (count: number) =>
  api.prisma.contact.createMany({
    data: Array.from({ length: count }, () => ({
      id: newId(),
      workspaceId: client.workspaceId,
      accountId: own.account.id,
      externalId: newId(),
    })),
  });

beforeAll(async () => {
  api = await startHarness();
  client = await api.client();
  own = await connect(client);
  await addContacts(53);
  for (let i = 0; i < 7; i += 1) {
    await client.patch(`/v1/triggers/${own.trigger.id}`, { name: `Name ${i}` });
    await client.post('/v1/resources', { name: `Resource ${i}`, kind: 'text', text: 'a' });
  }
});
afterAll(() => api.close());

describe('a list', () => {
  it.each([1, 2, 7, 52, 53, 54, 200])('in pages of %i has every row once, newest first', async (limit) => {
    const ids = (await readAll(client, '/v1/contacts', limit)).map(({ id }) => id);
    expect(ids).toHaveLength(53);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
  });

  it('goes on where it was, whatever is added meanwhile', async () => {
    const { body: first } = await client.get('/v1/contacts?limit=20');
    await addContacts(10);
    const { body: second } = await client.get(`/v1/contacts?limit=200&cursor=${first.nextCursor}`);
    const ids = [...first.data, ...second.data].map(({ id }: Json) => id);
    expect(new Set(ids).size).toBe(53);
    expect(second.nextCursor).toBeNull();
    expect(await readAll(client, '/v1/contacts', 9)).toHaveLength(63);
  });

  it('has 50 rows unless asked otherwise', async () => {
    const { body } = await client.get('/v1/contacts');
    expect(body.data).toHaveLength(50);
  });

  it.each([
    ['/v1/resources', 8],
    ['/v1/triggers', 1],
    ['/v1/accounts', 1],
  ])('%s is paged as well', async (path, length) => {
    expect(await readAll(client, path, 3)).toHaveLength(length);
  });

  it('of versions goes by version', async () => {
    const versions = await readAll(client, `/v1/triggers/${own.trigger.id}/versions`, 3);
    expect(versions.map(({ version }) => version)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it.each([
    'x',
    'null',
    '%00',
    '%F0%9F%8E%81',
    Buffer.from('not an id').toString('base64url'),
    Buffer.from("' or 1=1 --").toString('base64url'),
    Buffer.from('8').toString('base64url'),
    'a'.repeat(201),
    '',
  ])('refuses the cursor %j', async (cursor) => {
    for (const path of [
      'accounts',
      'resources',
      'triggers',
      'events',
      'deliveries',
      'messages',
      'contacts',
      'ledger',
    ]) {
      const answer = await client.get(`/v1/${path}?cursor=${cursor}`);
      expect([400, 422], `${path} ${answer.text}`).toContain(answer.status);
      expect(answer.body.code).toMatch(/^(cursor_invalid|query_invalid|text_invalid)$/);
    }
  });

  it.each(['0', '201', '-1', '1.5', 'ten', '', '1&limit=2', '1e9'])('refuses the limit %j', async (limit) => {
    const answer = await client.get(`/v1/contacts?limit=${limit}`);
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([400, 'query_invalid', 'limit']);
  });

  it('refuses a parameter that it does not know', async () => {
    const answer = await client.get('/v1/events?acountId=1');
    expect([answer.status, answer.body.field]).toEqual([400, 'acountId']);
  });
});
