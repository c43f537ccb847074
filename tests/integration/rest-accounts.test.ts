import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCredentials } from '../../src/catalog/accounts.ts';
import { connect, created, type Harness, startHarness } from './rest-harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});
afterAll(() => api.close());

const connecting = (accessToken: string, more = {}) => ({ platform: 'instagram', accessToken, ...more });

async function storedToken(id: string): Promise<string> {
  const row = await api.prisma.account.findUniqueOrThrow({ where: { id } });
  return openCredentials(api.secretBox, row).accessToken;
}

describe('connecting an account', () => {
  it('asks the platform whose token it is, and keeps the token sealed', async () => {
    const client = await api.client();
    const answer = await client.post('/v1/accounts', connecting('token-of-100'));
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/v1/accounts/${answer.body.id}`);
    expect(answer.body).toMatchObject({
      platform: 'instagram',
      externalId: '100',
      username: 'user_100',
      state: 'active',
      stateReason: null,
    });
    expect(await storedToken(answer.body.id)).toBe('token-of-100');
    const row = await api.prisma.account.findUniqueOrThrow({ where: { id: answer.body.id } });
    expect(Buffer.from(row.credentials!).toString('latin1')).not.toContain('token-of-100');
    // Sealed for this account: in another row it is of no use.
    expect(() => openCredentials(api.secretBox, { ...row, id: client.workspaceId })).toThrow();
  });

  it('renews an account that is there, and keeps its id', async () => {
    const client = await api.client();
    const first = await created(client.post('/v1/accounts', connecting('token-of-101')));
    await client.patch(`/v1/accounts/${first.id}`, { state: 'paused' });
    const renewed = await client.post('/v1/accounts', connecting('token-of-101-renewed'));
    expect(renewed.status).toBe(200);
    expect(renewed.body).toMatchObject({ id: first.id, state: 'active', stateReason: null });
    expect(await storedToken(first.id)).toBe('token-of-101-renewed');
  });

  it('brings back a disconnected one with its triggers', async () => {
    const client = await api.client();
    const { account, trigger } = await connect(client);
    expect((await client.delete(`/v1/accounts/${account.id}`)).status).toBe(204);
    const row = await api.prisma.account.findUniqueOrThrow({ where: { id: account.id } });
    expect(row).toMatchObject({ state: 'disconnected', credentials: null, credentialsKeyId: null });
    expect((await client.delete(`/v1/accounts/${account.id}`)).status).toBe(204);
    const back = await client.post('/v1/accounts', connecting(`token-of-${account.externalId}`));
    expect(back.status).toBe(200);
    expect(back.body).toMatchObject({ id: account.id, state: 'active' });
    expect((await client.get(`/v1/triggers?accountId=${account.id}`)).body.data).toMatchObject([
      { id: trigger.id, state: 'active' },
    ]);
  });

  it('is refused while another workspace has it, and possible once that let go', async () => {
    const [one, two] = [await api.client(), await api.client()];
    const account = await created(one.post('/v1/accounts', connecting('token-of-102')));
    const refused = await two.post('/v1/accounts', connecting('token-of-102'));
    expect([refused.status, refused.body.code]).toEqual([409, 'account_connected_elsewhere']);
    expect(refused.text).not.toContain(one.workspaceId);
    await one.delete(`/v1/accounts/${account.id}`);
    expect((await two.post('/v1/accounts', connecting('token-of-102'))).status).toBe(201);
    expect((await one.post('/v1/accounts', connecting('token-of-102'))).status).toBe(409);
  });

  it('makes one account of many requests at once, also from two workspaces', async () => {
    const [one, two] = [await api.client(), await api.client()];
    const answers = await Promise.all(
      [one, two, one, two, one, two].map((client) => client.post('/v1/accounts', connecting('token-of-103'))),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 200, 201, 409, 409, 409]);
    expect(await api.prisma.account.count({ where: { externalId: '103' } })).toBe(1);
  });

  it.each([
    { token: 'refused-token', status: 422, code: 'credentials_refused', field: '/accessToken' },
    { token: 'down-token', status: 502, code: 'platform_unavailable', field: undefined },
    { token: 'token-of-1', externalId: '2', status: 422, code: 'account_mismatch', field: '/accessToken' },
    { token: 'token-of-1', platform: 'myspace', status: 422, code: 'platform_unknown', field: '/platform' },
    { token: 'token of 1', status: 422, code: 'body_invalid', field: '/accessToken' },
    { token: '', status: 422, code: 'body_invalid', field: '/accessToken' },
    { token: 'a'.repeat(5_000), status: 422, code: 'body_invalid', field: '/accessToken' },
  ])('answers $status $code at $field', async ({ token, status, code, field, ...more }) => {
    const client = await api.client();
    const answer = await client.post('/v1/accounts', connecting(token, more));
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([status, code, field]);
    if (token) expect(answer.text).not.toContain(token);
    if (code === 'platform_unknown') expect(answer.body.detail).toContain('instagram');
    expect((await client.get('/v1/accounts')).body.data).toEqual([]);
  });

  it('takes the account that was expected', async () => {
    const client = await api.client();
    const answer = await client.post('/v1/accounts', connecting('token-of-104', { externalId: '104' }));
    expect(answer.status).toBe(201);
  });
});

describe('changing an account', () => {
  it('pauses and resumes it', async () => {
    const client = await api.client();
    const { account } = await connect(client);
    const path = `/v1/accounts/${account.id}`;
    expect((await client.patch(path, { state: 'paused' })).body).toMatchObject({
      state: 'paused',
      stateReason: 'paused_by_owner',
    });
    expect((await client.get('/v1/accounts?state=paused')).body.data).toHaveLength(1);
    expect((await client.patch(path, { state: 'active' })).body).toMatchObject({
      state: 'active',
      stateReason: null,
    });
    expect((await client.get('/v1/accounts?state=paused')).body.data).toHaveLength(0);
  });

  it('makes a pause of the platform the owner’s, who alone ends it then', async () => {
    const client = await api.client();
    const { account } = await connect(client);
    await api.prisma.account.update({
      where: { id: account.id },
      data: { state: 'paused', stateReason: 'token_invalid' },
    });
    const path = `/v1/accounts/${account.id}`;
    expect((await client.get(path)).body.stateReason).toBe('token_invalid');
    expect((await client.patch(path, { state: 'paused' })).body.stateReason).toBe('paused_by_owner');
    const both = { state: 'active', accessToken: `token-of-${account.externalId}-new` };
    expect((await client.patch(path, both)).body).toMatchObject({ state: 'active', stateReason: null });
    expect(await storedToken(account.id)).toBe(both.accessToken);
  });

  it('refuses a token of another account', async () => {
    const client = await api.client();
    const { account } = await connect(client);
    const answer = await client.patch(`/v1/accounts/${account.id}`, { accessToken: 'token-of-999' });
    expect([answer.status, answer.body.code]).toEqual([422, 'account_mismatch']);
    expect(await storedToken(account.id)).toBe(`token-of-${account.externalId}`);
  });

  it('does not change what is disconnected', async () => {
    const client = await api.client();
    const { account } = await connect(client);
    await client.delete(`/v1/accounts/${account.id}`);
    const answer = await client.patch(`/v1/accounts/${account.id}`, { state: 'active' });
    expect([answer.status, answer.body.code]).toEqual([409, 'account_disconnected']);
  });
});

it('shows credentials in no answer and no line of the log', () => {
  // Runs last: everything above was answered and logged.
  expect(api.platform.identified.length).toBeGreaterThan(15);
  const told = [...api.answers, ...api.log].join('\n');
  for (const token of api.platform.identified) expect(told).not.toContain(token);
});
