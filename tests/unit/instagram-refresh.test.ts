import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createInstagramAdapter } from '../../src/platforms/instagram/adapter.ts';
import type { PlatformAdapter } from '../../src/platforms/port.ts';
import { dayMs, start, startedAt } from '../support/fake-instagram.ts';
import { answer, type ScriptedGraph, startScriptedGraph } from '../support/scripted-graph.ts';

const token = 'IGAAtest/token+0123456789abcdef';
const newToken = 'IGAAnewertoken0123456789abcdef';
const now = new Date('2026-03-10T12:00:00Z');

let graph: ScriptedGraph;
let adapter: PlatformAdapter;

const adapterFor = (graphUrl: string, timeoutMs?: number) =>
  createInstagramAdapter({
    appSecrets: [],
    verifyToken: undefined,
    graphUrl,
    now: () => now,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });

beforeAll(async () => {
  graph = await startScriptedGraph();
  adapter = adapterFor(graph.url);
});

beforeEach(() => {
  graph.requests.length = 0;
});

afterAll(async () => {
  await adapter.close();
  await graph.close();
});

const refusal = (code: number, more: object = {}) => ({
  error: { message: `Because of ${token}.`, type: 'OAuthException', code, fbtrace_id: 'AbC', ...more },
});

describe('asking for a newer token', () => {
  test('is done as documented: without a version, the token as a parameter and nowhere else', async () => {
    graph.script = answer(200, { access_token: newToken, token_type: 'bearer', expires_in: 5_183_944 });
    expect(await adapter.refresh({ accessToken: token })).toEqual({
      kind: 'refreshed',
      credentials: { accessToken: newToken },
      expiresAt: new Date(now.getTime() + 5_183_944_000),
    });
    expect(graph.requests).toHaveLength(1);
    const { method, url, headers } = graph.requests[0]!;
    expect(method).toBe('GET');
    expect(url).toBe(
      `/refresh_access_token?grant_type=ig_refresh_token&access_token=${encodeURIComponent(token)}`,
    );
    expect(headers).not.toHaveProperty('authorization');
  });

  test.each([
    ['of a dead token', 400, refusal(190, { error_subcode: 463 }), 'refused'],
    ['of a token that is too young', 400, refusal(100), 'refused'],
    ['without the permission', 403, refusal(10), 'refused'],
    ['that comes too often', 400, refusal(4), 'unavailable'],
    ['that may be repeated', 400, refusal(9, { is_transient: true }), 'unavailable'],
    ['in a bad moment', 500, refusal(2), 'unavailable'],
    ['that a proxy answers', 403, `<html>No: ${token}`, 'unavailable'],
    ['that is answered with nonsense', 200, 'ok', 'unavailable'],
    ['that is answered without a token', 200, { expires_in: 5_184_000 }, 'unavailable'],
    [
      'that is answered with a broken token',
      200,
      { access_token: 'a b', expires_in: 5_184_000 },
      'unavailable',
    ],
    ['that is answered without a lifetime', 200, { access_token: newToken }, 'unavailable'],
    ['that is answered with no lifetime', 200, { access_token: newToken, expires_in: 0 }, 'unavailable'],
    ['that is answered with an age', 200, { access_token: newToken, expires_in: 1e300 }, 'unavailable'],
  ])('%s: status %i', async (_what, status, body, kind) => {
    graph.script = answer(status, body);
    const result = await adapter.refresh({ accessToken: token });
    expect(result.kind).toBe(kind);
    const words = JSON.stringify(result);
    for (const secret of [token, encodeURIComponent(token), newToken, 'IGAAtest']) {
      expect(words).not.toContain(secret);
    }
  });

  test('sends nothing for what is no token, and survives a platform that is not there', async () => {
    expect(await adapter.refresh({ accessToken: '' })).toMatchObject({ kind: 'refused' });
    expect(await adapter.refresh({ accessToken: 'a b' })).toMatchObject({ kind: 'refused' });
    expect(graph.requests).toEqual([]);
    const nobody = adapterFor('http://graph.invalid/v25.0');
    expect(await nobody.refresh({ accessToken: token })).toMatchObject({ kind: 'unavailable' });
    await nobody.close();
    const impatient = adapterFor(graph.url, 150);
    graph.script = () => {};
    expect(await impatient.refresh({ accessToken: token })).toMatchObject({ kind: 'unavailable' });
    await impatient.close();
  });

  test('keeps what comes before the version, for a proxy that has a path', async () => {
    graph.script = answer(200, { access_token: newToken, expires_in: 60 });
    for (const path of ['/meta/v25.0', '/meta', '/v9']) {
      const proxied = adapterFor(new URL(path, graph.url).href);
      await proxied.refresh({ accessToken: 't' });
      await proxied.close();
    }
    expect(graph.requests.map(({ url }) => url.split('?')[0])).toEqual([
      '/meta/refresh_access_token',
      '/meta/refresh_access_token',
      '/v9/refresh_access_token',
    ]);
  });

  test('works on the fake from the second day on, and the new token works too', async () => {
    const { fake, account, pass } = await start();
    const onFake = createInstagramAdapter({
      appSecrets: [],
      verifyToken: undefined,
      graphUrl: fake.graphUrl,
      now: () => startedAt,
    });
    const young = await onFake.refresh({ accessToken: account.accessToken });
    expect(young).toMatchObject({ kind: 'refused', detail: expect.stringContaining('24 hours') });
    pass(dayMs);
    const result = await onFake.refresh({ accessToken: account.accessToken });
    if (result.kind !== 'refreshed') throw new Error(result.detail);
    expect(result.expiresAt).toEqual(new Date(startedAt.getTime() + 60 * dayMs));
    expect(await onFake.identify(result.credentials)).toMatchObject({ externalId: account.id });
    fake.expireToken(account);
    expect(await onFake.refresh(result.credentials)).toMatchObject({ kind: 'refused' });
    await onFake.close();
  });
});
