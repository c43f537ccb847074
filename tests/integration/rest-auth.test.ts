import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKeyHint, newApiKey } from '../../src/crypto/api-key.ts';
import { createApiKey, listApiKeys, revokeApiKey } from '../../src/workspaces/api-keys.ts';
import { bootstrap } from '../../src/workspaces/bootstrap.ts';
import { type Harness, startHarness } from './rest-harness.ts';

let api: Harness;
beforeAll(async () => {
  api = await startHarness();
});
afterAll(() => api.close());

describe('the bootstrap key', () => {
  const key = newApiKey();

  it('opens an empty installation once, however many processes start at the same time', async () => {
    const results = await Promise.all([1, 2, 3, 4].map(() => bootstrap(api.prisma, key)));
    expect(results.map(({ outcome }) => outcome).sort()).toEqual([
      'created',
      'present',
      'present',
      'present',
    ]);
    expect(await api.prisma.workspace.findMany({ select: { name: true } })).toEqual([{ name: 'default' }]);
    const { workspaceId } = results.find(({ outcome }) => outcome === 'created') as { workspaceId: string };
    const everything = await api.clientWith(key, workspaceId).get('/v1/events?unassigned=true');
    expect(everything.status).toBe(200);
  });

  it('opens nothing where a workspace is, and says so', async () => {
    const other = newApiKey();
    const result = await bootstrap(api.prisma, other);
    expect(result).toMatchObject({ outcome: 'ignored', notice: expect.stringContaining('ignored') });
    expect(JSON.stringify(result)).not.toContain(other);
    expect((await api.clientWith(other, '').get('/v1/stats')).status).toBe(401);
  });

  it('stays revoked once it was', async () => {
    const [stored] = await api.prisma.apiKey.findMany();
    await revokeApiKey(api.prisma, { workspaceId: stored!.workspaceId, id: stored!.id, now: new Date() });
    expect(await bootstrap(api.prisma, key)).toMatchObject({
      outcome: 'present',
      notice: expect.stringContaining('revoked'),
    });
    expect((await api.clientWith(key, '').get('/v1/stats')).status).toBe(401);
  });
});

describe('a request', () => {
  it.each([
    ['no header', {}],
    ['another scheme', { authorization: 'Basic Zm9vOmJhcg==' }],
    ['no key', { authorization: 'Bearer ' }],
    ['two words', { authorization: 'Bearer a b' }],
    ['a key that is far too long', { authorization: `Bearer ${'x'.repeat(5_000)}` }],
  ])('with %s is asked for a key', async (_what, headers) => {
    const answer = await api.request('GET', '/v1/stats', { headers: headers as Record<string, string> });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="fairdrop"');
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ code: 'key_missing', status: 401, title: 'Unauthorized' });
  });

  it('with an unknown key is told that the key is the reason', async () => {
    const answer = await api.clientWith(newApiKey(), '').get('/v1/stats');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(answer.body.code).toBe('key_invalid');
  });

  it('without a key is refused before its body is read', async () => {
    const answer = await api.request('POST', '/v1/resources', {
      body: '{ not json',
      headers: { 'content-type': 'text/x' },
    });
    expect(answer.status).toBe(401);
  });

  it('needs the scope read to look and write to change', async () => {
    const reader = await api.client(['read']);
    const writer = await api.client(['write']);
    const resource = { name: 'a', kind: 'text', text: 'b' };
    expect((await reader.get('/v1/resources')).status).toBe(200);
    const refused = await reader.post('/v1/resources', resource);
    expect(refused.status).toBe(403);
    expect(refused.body.code).toBe('scope_missing');
    expect(refused.headers.get('www-authenticate')).toContain('scope="write"');
    expect((await writer.post('/v1/resources', resource)).status).toBe(201);
    expect((await writer.get('/v1/resources')).status).toBe(403);
  });
});

describe('a key', () => {
  it('is shown once and stored as a hash', async () => {
    const { workspaceId } = await api.client();
    const { key, apiKey } = await createApiKey(api.prisma, { workspaceId, name: 'ci', scopes: ['read'] });
    expect(key).toMatch(/^fd_[A-Za-z0-9]{43}$/);
    expect(apiKey).toMatchObject({ name: 'ci', hint: apiKeyHint(key), scopes: ['read'], revokedAt: null });
    const [row] = await api.prisma.$queryRaw<
      unknown[]
    >`select k.*::text as all from api_keys k where id = ${apiKey.id}::uuid`;
    expect(JSON.stringify(row)).not.toContain(key);
  });

  it('stops working at once when it is revoked, and only by its own workspace', async () => {
    const client = await api.client();
    const other = await api.client();
    const [listed] = await listApiKeys(api.prisma, client.workspaceId);
    const revoke = (workspaceId: string) =>
      revokeApiKey(api.prisma, { workspaceId, id: listed!.id, now: new Date() });
    expect((await client.get('/v1/stats')).status).toBe(200);
    expect(await revoke(other.workspaceId)).toBe(false);
    expect((await client.get('/v1/stats')).status).toBe(200);
    expect(await revoke(client.workspaceId)).toBe(true);
    expect((await client.get('/v1/stats')).status).toBe(401);
    expect(await revoke(client.workspaceId)).toBe(false);
  });
});
