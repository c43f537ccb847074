/** One running process and everything that is not what its API expects. */
import type { OutgoingHttpHeaders } from 'node:http';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  deep,
  type Json,
  nasty,
  noEnvelope,
  noIds,
  noJson,
  nonsenseQueries,
  pathsOf,
  replaceAt,
  unknownId,
  wrong,
} from '../support/garbage.ts';
import {
  account,
  call,
  client,
  describeTheAftermath,
  eachAtOnce,
  exchange,
  expectNoRow,
  expectStatus,
  ids,
  instagram,
  key,
  letGarbageIn,
  pool,
  send,
  useOneService,
  validResource,
  validTrigger,
} from '../support/garbage-service.ts';

useOneService();
// The lists are read with something in them that came as garbage.
beforeAll(letGarbageIn);

describe('the API', () => {
  const collections = ['accounts', 'resources', 'triggers'];
  const lists = [...collections, 'events', 'deliveries', 'contacts', 'ledger'].map((name) => `/v1/${name}`);
  const things = () => Object.entries(ids).map(([name, id]) => `/v1/${name}s/${id}`);

  it('answers 401 to whoever has no key, and writes nothing', async () => {
    const logins: OutgoingHttpHeaders[] = [{}, { 'x-api-key': key }, { cookie: `key=${key}` }];
    const values = [
      '',
      'Bearer',
      'Bearer  ',
      `Basic ${key}`,
      key,
      `Bearer ${key}x`,
      `Bearer ${key.slice(0, -1)}`,
    ];
    values.push(
      `Bearer ${key}, Bearer ${key}`,
      `Bearer ${nasty[0]}`,
      'Bearer null',
      `Bearer ${'a'.repeat(10_000)}`,
    );
    for (const authorization of values) logins.push({ authorization });
    const bodies = [JSON.stringify(validResource), JSON.stringify(validTrigger()), '{', deep(100_000)];
    await expectNoRow(async () => {
      for (const login of logins) {
        const asked = [...lists, '/v1/stats', ...things()].map((path) => ['GET', path, undefined] as const);
        const posted = collections.flatMap((name) =>
          bodies.map((body) => ['POST', `/v1/${name}`, body] as const),
        );
        const changed = things().flatMap((path) => [
          ['PATCH', path, '{"name":"x"}'] as const,
          ['DELETE', path, undefined] as const,
        ]);
        await eachAtOnce([...asked, ...posted, ...changed], async ([method, path, body]) => {
          const headers = { ...login, ...(body && { 'content-type': 'application/json' }) };
          const what = `${method} ${path} ${JSON.stringify(login).slice(0, 60)}`;
          const answer = await expectStatus(send(method, path, headers, body), what, 401);
          expect(answer.headers['www-authenticate'], what).toMatch(/^Bearer /);
        });
      }
    });
  });

  it('refuses bodies that are no JSON, no object or of another type, and writes nothing', async () => {
    const routes = [
      ...collections.map((name) => ['POST', `/v1/${name}`]),
      ...things().map((path) => ['PATCH', path]),
    ];
    const objects = [
      '{"__proto__":{"name":"x"}}',
      '{"constructor":{"prototype":{"name":"x"}}}',
      '{"name":"a","name":1}',
    ];
    const bodies = [
      ...Object.values(noJson),
      ...noEnvelope.filter((text) => !text.endsWith('{}')),
      ...objects,
    ];
    await expectNoRow(async () => {
      for (const [method = '', path = ''] of routes) {
        for (const body of bodies) {
          const what = `${method} ${path} ${body.toString().slice(0, 40)}`;
          await expectStatus(call(method, path, body), what, 400, 413, 415, 422);
        }
        const types = [
          'text/plain',
          'application/x-www-form-urlencoded',
          'multipart/form-data; boundary=x',
          'application/xml',
          'text/json',
          'json',
          '',
        ];
        for (const type of types) {
          const asked = call(method, path, JSON.stringify(validResource), { 'content-type': type });
          await expectStatus(asked, `${method} ${path} as "${type}"`, 415);
        }
        const announced = `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\n`;
        expect(await exchange(`${announced}Content-Length: 10485760\r\n\r\n`)).toMatch(
          /^HTTP\/1\.1 413 .*"body_too_large"/s,
        );
      }
    });
  });

  it('takes or refuses any value of any field, and is never at fault', async () => {
    const { id } = await client.post<{ id: string }>('/v1/triggers', validTrigger());
    const connection = { platform: 'instagram', accessToken: 'x', externalId: account.id };
    const all = (method: string, path: string, valid: object) =>
      pathsOf(valid).flatMap((at) =>
        wrong.map((by) => ({ method, path, body: replaceAt(valid, at, by), at })),
      );
    const cases = [
      ...all('POST', '/v1/triggers', validTrigger()),
      ...all('PATCH', `/v1/triggers/${id}`, {
        name: 'x',
        keywords: ['y'],
        dmTemplates: [{ text: 'z', weight: 1 }],
      }),
      ...all('POST', '/v1/resources', validResource),
      ...all('POST', '/v1/resources', { name: 'x', kind: 'text', text: 'y' }),
      ...all('PATCH', `/v1/resources/${ids.resource}`, { kind: 'nothing', url: 'x', text: 'y' }),
      ...all('POST', '/v1/accounts', connection),
      ...all('PATCH', `/v1/accounts/${ids.account}`, { state: 'x', accessToken: 'y' }),
    ];
    const seen = new Set<number>();
    await eachAtOnce(cases, async ({ method, path, body, at }) => {
      const text = JSON.stringify(body);
      const answer = await expectStatus(
        call(method, path, text),
        `${method} ${path} /${at.join('/')} ${text.slice(0, 200)}`,
        200,
        201,
        400,
        409,
        422,
      );
      seen.add(answer.status);
    });
    expect(seen).toContain(201);
    expect(seen).toContain(422);
    expect(await client.get(`/v1/accounts/${ids.account}`)).toMatchObject({
      state: 'active',
      username: 'studio',
    });
  });

  it('gives texts back as they came, to the byte', async () => {
    // Names take no character that turns the writing around; texts do.
    const nameOf = (text: string) => text.replaceAll('\u202e', '');
    for (const text of nasty) {
      const name = nameOf(text);
      const { id } = await client.post<{ id: string }>('/v1/resources', { name, kind: 'text', text });
      expect(await client.get(`/v1/resources/${id}`)).toMatchObject({ name, text });
      const url = `https://studio.example/?q=${text.replaceAll(/\s/g, '_')}`;
      const link = await client.post<{ id: string }>('/v1/resources', { name: 'x', kind: 'link', url });
      expect(await client.get(`/v1/resources/${link.id}`)).toMatchObject({ url });
      const mediaId = text.replaceAll(/[\s/]/g, '_');
      const word = text.replaceAll(/[^\p{L}\p{N} ]/gu, '').slice(0, 11);
      const settings = { name, mediaIds: [mediaId], keywords: [`word ${word}.`] };
      const dmTemplates = [{ text: `{{ resource.url }} {% raw %}${text}{% endraw %}`, weight: 1 }];
      const trigger = await client.post<{ id: string }>('/v1/triggers', {
        ...validTrigger(),
        ...settings,
        dmTemplates,
      });
      expect(await client.get(`/v1/triggers/${trigger.id}`)).toMatchObject({ ...settings, dmTemplates });
    }
    const { rows } = await pool.query('select distinct name from resources where name = any($1)', [
      nasty.map(nameOf),
    ]);
    expect(rows).toHaveLength(nasty.length);
  });

  it('does not store another text than the bytes said', async () => {
    const body = Buffer.from('{"name":"caf\xe9","kind":"text","text":"x"}', 'latin1');
    await expectNoRow(
      async () => void (await expectStatus(call('POST', '/v1/resources', body), 'latin1', 400, 422)),
    );
  });

  it('refuses templates that include, define or run on, and soon', async () => {
    const attacks = [
      "{% include '/etc/passwd' %}",
      "{% render 'x' %}",
      "{% layout 'x' %}",
      '{% assign x = 1 %}{% increment',
      '{% for i in (1..1000000000) %}{% for j in (1..1000000000) %}x{% endfor %}{% endfor %}',
      '{{ resource.constructor.constructor }}',
      '{{ __proto__ }}',
      '{{ process.env }}',
    ];
    attacks.push(
      '{% if '.repeat(500),
      '{{'.repeat(1_000),
      '{{ "x" | append: "x"'.repeat(100),
      "{{ 'a' | repeat: 999999999 }}",
    );
    await expectNoRow(async () => {
      for (const attack of attacks) {
        const dmTemplates = [{ text: `{{ resource.url }} ${attack}` }];
        const startedAtMs = performance.now();
        await expectStatus(
          call('POST', '/v1/triggers', JSON.stringify({ ...validTrigger(), dmTemplates })),
          attack,
          422,
        );
        expect(performance.now() - startedAtMs, attack).toBeLessThan(2_000);
      }
    });
  });

  it('sends names and links as they are stored: nothing in them is rendered', async () => {
    for (const [number, text] of nasty.slice(0, 4).entries()) {
      const url = `https://studio.example/${number}?{{7}}`;
      const resource = await client.post<{ id: string }>('/v1/resources', { name: text, kind: 'link', url });
      await client.post('/v1/triggers', {
        ...{ accountId: ids.account, resourceId: resource.id, name: text, keywords: [`nasty${number}`] },
        dmTemplates: [{ text: 'For {{ contact.username }}: {{ resource.name }} {{ resource.url }}' }],
      });
      const user = instagram.addUser({ username: text });
      const { id } = await instagram.comment({ account, user, text: `${text} nasty${number} ${text}` });
      await expect
        .poll(() => instagram.sent.filter(({ commentId }) => commentId === id), { timeout: 60_000 })
        .toMatchObject([{ kind: 'private_reply', text: `For ${text}: ${text} ${url}` }]);
    }
  });

  it('refuses lists that are asked for in nonsense', async () => {
    await expectNoRow(async () => {
      for (const list of [...lists, `/v1/triggers/${ids.trigger}/versions`]) {
        await expectStatus(call('GET', list), list, 200);
        await eachAtOnce(nonsenseQueries, (query) =>
          expectStatus(call('GET', `${list}?${query}`), `${list}?${query.slice(0, 60)}`, 400, 422),
        );
      }
      for (const name of ['accountId', 'state', 'kind', 'reason', 'unassigned']) {
        for (const value of [...nasty, '', '__proto__', unknownId.slice(1)]) {
          for (const list of ['/v1/triggers', '/v1/events', '/v1/deliveries']) {
            await expectStatus(
              call('GET', `${list}?${name}=${encodeURIComponent(value)}`),
              `${list} ${name}`,
              400,
            );
          }
        }
      }
    });
  });

  it('finds nothing under what is no id, under any method', async () => {
    const cases = lists.flatMap((list) =>
      noIds.flatMap((id) => [
        ['GET', `${list}/${id}`],
        ['PATCH', `${list}/${id}`],
        ['DELETE', `${list}/${id}`],
        ['POST', `${list}/${id}/pause`],
        ['GET', `${list}/${id}/explain`],
        ['GET', `${list}/${id}/versions`],
      ]),
    );
    await expectNoRow(() =>
      eachAtOnce(cases, async ([method = '', path = '']) => {
        const body = method === 'PATCH' ? '{}' : undefined;
        await expectStatus(call(method, path, body), `${method} ${path.slice(0, 120)}`, 400, 404, 405, 414);
      }),
    );
  });

  it('refuses URLs and headers without measure', async () => {
    const long = 'a'.repeat(20_000);
    await expectNoRow(async () => {
      await expectStatus(call('GET', `/v1/triggers?x=${long}`), 'a long query', 431);
      await expectStatus(call('GET', `/${long}`), 'a long path', 431);
      await expectStatus(call('GET', '/v1/triggers', undefined, { 'x-long': long }), 'a long header', 431);
      await expectStatus(send('GET', '/v1/triggers', { authorization: `Bearer ${long}` }), 'a long key', 431);
      await expectStatus(call('GET', `/v1/${'a/'.repeat(3_000)}`), 'many segments', 404, 414);
      for (const repeat of ['', ' ', 'a b', 'x'.repeat(201), 'clé', 'a\tb']) {
        const asked = call('POST', '/v1/resources', JSON.stringify(validResource), {
          'idempotency-key': repeat,
        });
        await expectStatus(asked, `Idempotency-Key "${repeat}"`, 400);
      }
    });
  });

  it.each(['triggers', 'resources'])('answers 201 or 4xx to arbitrary JSON at /v1/%s', async (name) => {
    const valid = name === 'triggers' ? validTrigger() : validResource;
    const field = (value: Json) =>
      fc.oneof(
        { weight: 3, arbitrary: fc.constant(value) },
        { weight: 1, arbitrary: fc.jsonValue() },
        { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
      );
    const shaped = fc.record(
      Object.fromEntries(Object.entries(valid).map(([at, value]) => [at, field(value)])),
      { noNullPrototype: true },
    );
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 1, arbitrary: fc.jsonValue() }, { weight: 3, arbitrary: shaped }),
        async (body) => {
          const text = JSON.stringify(body);
          const { status } = await expectStatus(
            call('POST', `/v1/${name}`, text),
            text.slice(0, 300),
            201,
            400,
            409,
            422,
          );
          seen.add(status);
        },
      ),
      { numRuns: 200 },
    );
    expect(seen).toContain(422);
  });
});

describeTheAftermath();
