import { connect as openSocket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  type Client,
  connect,
  type Harness,
  type Json,
  startHarness,
  triggerBody,
} from './rest-harness.ts';

let api: Harness;
let client: Client;
let own: Json;
let bodies: { method: 'post' | 'patch'; path: string; body: Record<string, unknown> }[];

beforeAll(async () => {
  api = await startHarness();
  client = await api.client();
  own = await connect(client);
  const { account, resource, trigger } = own;
  const whole = triggerBody(account, resource, {
    priority: 0,
    state: 'active',
    includeReplies: false,
    mediaIds: ['1'],
    publicReplies: [{ text: 'Sent!', weight: 1 }],
  });
  const { accountId: _accountId, ...change } = whole;
  bodies = [
    {
      method: 'post',
      path: '/v1/accounts',
      body: { platform: 'instagram', accessToken: 'token-of-9', externalId: '9' },
    },
    {
      method: 'patch',
      path: `/v1/accounts/${account.id}`,
      body: { state: 'active', accessToken: 'token-of-9' },
    },
    { method: 'post', path: '/v1/resources', body: { name: 'a', kind: 'link', url: 'https://x.example' } },
    { method: 'post', path: '/v1/resources', body: { name: 'a', kind: 'text', text: 'a' } },
    {
      method: 'patch',
      path: `/v1/resources/${resource.id}`,
      body: { name: 'a', kind: 'link', url: 'https://x.example' },
    },
    { method: 'post', path: '/v1/triggers', body: whole },
    { method: 'patch', path: `/v1/triggers/${trigger.id}`, body: change },
  ];
});
afterAll(() => api.close());

function expectProblem(answer: Answer, what: string): void {
  expect(answer.status, `${what} → ${answer.status} ${answer.text}`).toBeGreaterThanOrEqual(400);
  expect(answer.status, `${what} → ${answer.text}`).toBeLessThan(500);
  expect(answer.headers.get('content-type'), what).toContain('application/problem+json');
  expect(answer.body, what).toMatchObject({
    type: 'about:blank',
    title: expect.any(String),
    status: answer.status,
    code: expect.stringMatching(/^[a-z_]+$/),
    detail: expect.stringMatching(/\S/),
  });
  expect(answer.text.length, what).toBeLessThan(20_000);
}

const deep = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe('a body with garbage in one field', () => {
  it.each([
    ['null', null],
    ['an object', { a: 1 }],
    ['an array of objects', [{}]],
    ['a NUL', 'a\0b'],
    ['half a surrogate pair', 'a\ud800b'],
    ['a NUL in a key', { 'a\0': 1 }],
    ['too many levels', deep(1_000)],
    ['far too much text', 'x'.repeat(200_000)],
    ['far too large a number', 1e308],
  ])('is refused: %s', async (_what, garbage) => {
    for (const { method, path, body } of bodies) {
      for (const field of Object.keys(body)) {
        const answer = await client[method](path, { ...body, [field]: garbage });
        expectProblem(answer, `${method} ${path} ${field}`);
        expect(answer.status).toBe(422);
      }
    }
  });

  it('is kept as it is, or refused, when it is text: SQL, Liquid, HTML', async () => {
    for (const text of [
      "'); drop table accounts; --",
      '{% for i in (1..100000000) %}x{% endfor %}',
      '{{ resource.url | append: resource.url }}',
      '{{ constructor.constructor("return process")() }}',
      '<script>alert(1)</script>',
      '%00%0d%0a',
      '\u202e',
    ]) {
      for (const { method, path, body } of bodies) {
        for (const field of Object.keys(body)) {
          const list = Array.isArray(body[field]);
          const template = list && typeof (body[field] as Json)[0] === 'object';
          const value = template ? [{ text }] : list ? [text] : text;
          const answer = await client[method](path, { ...body, [field]: value });
          if (answer.status < 300) {
            const stored = answer.body[field];
            expect(template ? stored[0].text : list ? stored[0] : stored).toBe(text.trim());
          } else {
            expectProblem(answer, `${method} ${path} ${field} ${text}`);
          }
        }
      }
    }
    expect(await api.prisma.account.count()).toBeGreaterThan(0);
  });
});

describe('a body that is not what it should be', () => {
  const send = (body: string | Uint8Array<ArrayBuffer>, contentType = 'application/json') =>
    api.request('POST', '/v1/resources', {
      headers: { authorization: `Bearer ${client.key}`, 'content-type': contentType },
      body,
    });

  it.each([
    ['nothing', '', 422, 'body_invalid'],
    ['no JSON', '{', 400, 'json_malformed'],
    ['two documents', '{}{}', 400, 'json_malformed'],
    ['a prototype', '{"__proto__":{"a":1}}', 422, 'body_invalid'],
    ['a constructor', '{"constructor":{"prototype":{"a":1}}}', 422, 'body_invalid'],
    ['a number', '17', 422, 'body_invalid'],
    ['null', 'null', 422, 'body_invalid'],
    ['a list', '[]', 422, 'body_invalid'],
    ['a hundred thousand levels', '['.repeat(100_000) + ']'.repeat(100_000), 422, 'body_too_deep'],
    ['two megabytes', `"${'x'.repeat(2_000_000)}"`, 413, 'body_too_large'],
    ['no UTF-8', Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), 400, 'json_malformed'],
    [
      'thousands of unknown fields',
      JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`f${i}`, i]))),
      422,
      'body_invalid',
    ],
  ])('is refused: %s', async (what, body, status, code) => {
    const answer = await send(body);
    expectProblem(answer, what);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'nonsense',
  ])('is refused: %s', async (contentType) => {
    const answer = await send('{"name":"a","kind":"text","text":"a"}', contentType);
    expectProblem(answer, contentType);
    expect(answer.status).toBe(415);
  });

  it('names an unknown field', async () => {
    const answer = await client.post('/v1/resources', { name: 'a', kind: 'text', text: 'a', 'co/l~or': 1 });
    expect([answer.status, answer.body.field]).toEqual([422, '/co~1l~0or']);
  });

  it('is refused where none belongs, and an empty one is none', async () => {
    for (const verb of ['pause', 'resume']) {
      const path = `/v1/triggers/${own.trigger.id}/${verb}`;
      for (const body of [{ state: 'paused' }, [], null, 'null', [{}]]) {
        const answer = await client.post(path, body);
        expectProblem(answer, path);
        expect([answer.status, answer.body.code], JSON.stringify(body)).toEqual([422, 'body_not_expected']);
      }
      expect((await client.post(path, '')).status).toBe(200);
      expect((await client.post(path, {})).status).toBe(200);
    }
  });

  it('is called what it is', async () => {
    const answer = await send('{"__proto__":{"a":1}}');
    expect(answer.body.detail).toContain('__proto__');
    expect(answer.body.detail).not.toContain('not JSON');
  });
});

describe('what is wrong is said in the words of people', () => {
  const { keywords, dmTemplates } = triggerBody({}, {});

  it.each<[what: string, body: Json, field: string, detail: string]>([
    ['a missing field', { kind: 'text', text: 'a' }, '/name', '/name is missing.'],
    ['a missing choice', { name: 'a', text: 'a' }, '/kind', '/kind is missing.'],
    ['a wrong type', { name: 1, kind: 'text', text: 'a' }, '/name', '/name must be a string.'],
    ['null', { name: null, kind: 'text', text: 'a' }, '/name', '/name must be a string.'],
    ['nothing in it', { name: ' ', kind: 'text', text: 'a' }, '/name', '/name must not be empty.'],
    [
      'too much',
      { name: 'a'.repeat(201), kind: 'text', text: 'a' },
      '/name',
      '/name must have at most 200 characters.',
    ],
    ['no choice', { name: 'a', kind: 'film' }, '/kind', '/kind must be one of link, text.'],
    ['an unknown field', { name: 'a', kind: 'text', text: 'a', b: 1 }, '/b', '/b is not known here.'],
    ['no object', [], '', 'The body must be an object.'],
  ])('in a resource: %s', async (_what, body, field, detail) => {
    const answer = await client.post('/v1/resources', body);
    expect(answer.body).toMatchObject({ status: 422, code: 'body_invalid', field, detail });
  });

  it.each<[given: Json, detail: string]>([
    [{ accountId: 'x' }, '/accountId must be an id, a UUID.'],
    [{ priority: 0.5 }, '/priority must be a whole number.'],
    [{ priority: 'high' }, '/priority must be a whole number.'],
    [{ priority: 1_001 }, '/priority must be at most 1000.'],
    [{ priority: 1e308 }, '/priority must be at most 1000.'],
    [{ priority: -1_001 }, '/priority must be at least -1000.'],
    [{ keywords: [] }, '/keywords must not be empty, except in the mode any, which takes every comment.'],
    [{ keywords: 'guide' }, '/keywords must be a list.'],
    [
      { doors: ['private'], mode: 'any', keywords: [] },
      '/doors leave no way in: triggers for certain posts, and those of the mode any, have no private door; add comment.',
    ],
    [
      { activeFrom: '2026-01-02T00:00:00Z', activeUntil: '2026-01-02T01:00:00+01:00' },
      '/activeUntil must be later than activeFrom.',
    ],
    [
      { activeHours: { timeZone: '+02:00', from: '09:00', to: '10:00' } },
      '/activeHours/timeZone is not a time zone that is known here; one is Europe/Amsterdam.',
    ],
    [{ keywords: Array(51).fill('a') }, '/keywords must have at most 50 entries.'],
    [{ includeReplies: 'yes' }, '/includeReplies must be true or false.'],
    [{ state: 'archived' }, '/state must be one of draft, active, paused.'],
    [
      { mediaIds: ['https://www.instagram.com/p/C1/'] },
      '/mediaIds/0 must be the id of a post, as the platform’s API gives it, not a link to it.',
    ],
  ])('in a trigger: %j', async (given, detail) => {
    const whole = {
      accountId: own.account.id,
      resourceId: own.resource.id,
      name: 'a',
      keywords,
      dmTemplates,
    };
    const answer = await client.post('/v1/triggers', { ...whole, ...given });
    expect([answer.status, answer.body.detail]).toEqual([422, detail]);
  });

  it('in a query, too', async () => {
    const detailOf = async (query: string) => (await client.get(`/v1/events?${query}`)).body.detail;
    expect(await detailOf('limit=many')).toBe('limit must be a whole number.');
    expect(await detailOf('limit=0')).toBe('limit must be at least 1.');
    expect(await detailOf('accountId=7')).toBe('accountId must be an id, a UUID.');
    expect(await detailOf('outcome=good')).toBe('outcome must be one of matched, skipped.');
    expect(await detailOf('a=1&b=2')).toBe('a is not known here; and 1 more, see errors.');
  });

  it('twenty times at most', async () => {
    const { body } = await client.post(
      '/v1/resources',
      Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`f${i}`, i]).concat([['kind', 'text']])),
    );
    expect(body.errors).toHaveLength(20);
    expect(body.detail).toMatch(/and 5001 more, see errors for the first 20/);
  });
});

describe('a trigger full of hostile templates', () => {
  it('is refused at once and in few words', async () => {
    const text = `{{ ${'a['.repeat(1_320)}b${']'.repeat(1_320)} }}`;
    const templates = Array(20).fill({ text });
    const begun = performance.now();
    const answer = await client.patch(`/v1/triggers/${own.trigger.id}`, {
      dmTemplates: templates,
      publicReplies: templates,
    });
    expect(performance.now() - begun).toBeLessThan(5_000);
    expectProblem(answer, 'nested templates');
    expect([answer.status, answer.body.code]).toEqual([422, 'template_invalid']);
    expect(answer.body.errors).toHaveLength(20);
  });
});

describe('an address with garbage in it', () => {
  const garbage = [
    '1',
    'null',
    '%00',
    "'%20or%201=1",
    '%F0%9F%8E%81',
    'a'.repeat(90),
    '..%2f..%2fetc',
    '-1',
    '{}',
  ];

  it('names nothing: an id that is none', async () => {
    for (const kind of ['accounts', 'resources', 'triggers', 'events', 'deliveries', 'contacts']) {
      for (const id of garbage) {
        const answer = await client.get(`/v1/${kind}/${id}`);
        expectProblem(answer, `${kind}/${id}`);
        expect(answer.status, `${kind}/${id}`).toBe(404);
      }
    }
  });

  it('is refused: parameters of the wrong kind', async () => {
    for (const query of [
      'triggers?accountId',
      'triggers?state',
      'events?accountId',
      'events?kind',
      'events?outcome',
      'events?reason',
      'events?unassigned',
      'deliveries?state',
      'deliveries?triggerId',
      'messages?state',
      'ledger?kind',
      'ledger?deliveryId',
      'resources?archived',
      'accounts?state',
      'stats?x',
    ]) {
      for (const value of garbage)
        expectProblem(await client.get(`/v1/${query}=${value}`), `${query}=${value}`);
    }
  });

  it('is no route, no method, or no URL at all', async () => {
    const nowhere = await client.get('/v1/nothing');
    expect([nowhere.status, nowhere.body.code]).toEqual([404, 'route_not_found']);
    const method = await api.request('PUT', `/v1/triggers/${own.trigger.id}`);
    expect([method.status, method.headers.get('allow')]).toEqual([405, 'DELETE, GET, HEAD, PATCH']);
    expect((await api.request('DELETE', '/v1/stats')).headers.get('allow')).toBe('GET, HEAD');
    for (const path of ['/v1/accounts/%ff', '/%', `/v1/accounts/${'a'.repeat(3_000)}`]) {
      expectProblem(await client.get(path), path);
    }
  });

  it('is not even HTTP', async () => {
    for (const [sent, status] of [
      ['GARBAGE\r\n\r\n', 400],
      [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ] as const) {
      const received = await new Promise<string>((resolve, reject) => {
        const socket = openSocket(Number(new URL(api.url).port), '127.0.0.1', () => socket.write(sent));
        let text = '';
        socket.on('data', (data) => {
          text += data;
        });
        socket.on('close', () => resolve(text)).on('error', reject);
      });
      const [head, body] = received.split('\r\n\r\n') as [string, string];
      expect(head).toContain(`HTTP/1.1 ${status}`);
      expect(head).toContain('application/problem+json');
      expect(JSON.parse(body)).toMatchObject({ status, code: expect.any(String) });
    }
  });
});
