/** One running process and everything that is not what its webhook expects. */
import type { OutgoingHttpHeaders } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Json, nasty, noEnvelope, noJson, pathsOf, replaceAt, wrong } from '../support/garbage.ts';
import {
  call,
  client,
  describeTheAftermath,
  dial,
  eachAtOnce,
  exchange,
  expectNoRow,
  expectSane,
  expectSkippedEventsOnly,
  expectStatus,
  hook,
  pool,
  postSigned,
  send,
  sha,
  useOneService,
  verifyToken,
  webhook,
} from '../support/garbage-service.ts';

useOneService();

describe('the webhook', () => {
  it('answers 401 to every signature but the right one, and stores nothing', async () => {
    const body = JSON.stringify(webhook('unsigned', 'guide'));
    const right = sha('sha256', body);
    const bad: Record<string, OutgoingHttpHeaders> = {
      'no header': {},
      'the legacy header only': { 'x-hub-signature': sha('sha1', body) },
      'the legacy header with SHA-256': { 'x-hub-signature': right },
      'SHA-1': { 'x-hub-signature-256': sha('sha1', body) },
      'another secret': { 'x-hub-signature-256': sha('sha256', body, 'another') },
      'an empty secret': { 'x-hub-signature-256': sha('sha256', body, '') },
      'another body': { 'x-hub-signature-256': sha('sha256', `${body} `) },
      'the right one twice': { 'x-hub-signature-256': [right, right] },
      'a wrong one and the right one': { 'x-hub-signature-256': [sha('sha256', 'x'), right] },
      'white space within': { 'x-hub-signature-256': right.replace('=', '= ') },
    };
    const odd = [
      '',
      'sha256=',
      right.slice(0, -1),
      `${right}0`,
      right.slice(7),
      `${right},`,
      right.toUpperCase(),
    ];
    odd.push(
      `sha256=${'z'.repeat(64)}`,
      `sha256=${'0'.repeat(64)}`,
      `sha256=${'a'.repeat(8_000)}`,
      nasty[0] ?? '',
    );
    for (const value of odd) bad[`"${value.slice(0, 80)}"`] = { 'x-hub-signature-256': value };
    await expectNoRow(async () => {
      for (const [what, headers] of Object.entries(bad)) {
        await expectStatus(send('POST', hook, headers, body), what, 401);
      }
      for (const [what, bytes] of Object.entries(noJson)) {
        await expectStatus(send('POST', hook, { 'x-hub-signature-256': right }, bytes), what, 401);
      }
    });
    expect((await postSigned('{"object":"instagram","entry":[]}')).status).toBe(200);
  });

  it('answers 400 to signed bytes that are no JSON, and stores nothing', async () => {
    await expectNoRow(async () => {
      for (const [what, bytes] of Object.entries(noJson)) {
        await expectStatus(postSigned(bytes), what, 400);
        await expectStatus(postSigned(bytes, { 'content-encoding': 'gzip' }), `${what}, gzip`, 400, 415);
      }
    });
  });

  it('keeps signed JSON that is no webhook as something unreadable', async () => {
    const added = await expectSkippedEventsOnly(async () => {
      for (const text of noEnvelope) await expectStatus(postSigned(text), text.slice(0, 20), 200);
      const many = JSON.stringify({ object: 'instagram', entry: Array.from({ length: 3_000 }, (_, i) => i) });
      expect((await expectStatus(postSigned(many), 'a long list', 200)).text).toBe('{"received":3000}');
    });
    expect(added).toBeGreaterThanOrEqual(3_000);
  });

  it('refuses one with more items than any platform sends, whole', async () => {
    const changes = Array.from({ length: 10_001 }, (_, i) => i);
    const body = JSON.stringify({ object: 'instagram', entry: [{ id: '1', time: 1, changes }] });
    await expectNoRow(async () => void (await expectStatus(postSigned(body), 'too many items', 413)));
  });

  it('answers 200 whatever stands in any field of a signed webhook, and the neighbours are kept', async () => {
    const cases = pathsOf(webhook(0, 'lovely')).flatMap((path) => wrong.map((by) => ({ path, by })));
    expect(cases.length).toBeGreaterThan(800);
    const spared: string[] = [];
    await expectSkippedEventsOnly(async () => {
      await eachAtOnce(cases, async ({ path, by }, n) => {
        const what = `/${path.join('/')} = ${JSON.stringify(by).slice(0, 40)}`;
        await expectStatus(postSigned(JSON.stringify(replaceAt(webhook(n, 'lovely'), path, by))), what, 200);
        if (path.length > 1 && path[1] === '0') spared.push(`neighbour${n}`);
      });
    });
    const { rows } = await pool.query('select external_id from events where external_id = any($1)', [spared]);
    expect(rows.length).toBe(spared.length);
    expect(spared.length).toBeGreaterThan(500);
  });

  it('keeps an event whose ids are as long as can be, in a script of three bytes a character', async () => {
    const long = (length: number) =>
      Array.from({ length }, () => String.fromCharCode(0x4e00 + Math.floor(Math.random() * 20_000))).join('');
    await expectSkippedEventsOnly(async () => {
      for (const path of [
        ['changes', '0', 'value', 'id'],
        ['changes', '0', 'value', 'from', 'id'],
        ['messaging', '0', 'message', 'mid'],
      ]) {
        const named = replaceAt(webhook('long', 'lovely'), ['entry', '0', 'id'], long(500));
        const body = JSON.stringify(replaceAt(named, ['entry', '0', ...path], long(490)));
        await expectStatus(postSigned(body), path.join('/'), 200);
      }
    });
  });

  it('answers 200 or 400, never a fault, to arbitrary changes of a signed webhook', async () => {
    const paths = pathsOf(webhook(0, 'guide'));
    const change = fc.tuple(fc.constantFrom(...paths), fc.oneof(fc.jsonValue(), fc.constantFrom(...wrong)));
    const cut = fc.record({
      at: fc.nat(2_000),
      remove: fc.nat(20),
      insert: fc.uint8Array({ maxLength: 20 }),
    });
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 4 }), fc.option(cut), async (changes, damage) => {
        let payload: Json = webhook(`any${n++}`, 'guide');
        for (const [path, by] of changes) payload = replaceAt(payload, path, by);
        let bytes = Buffer.from(JSON.stringify(payload));
        if (damage) {
          const at = damage.at % bytes.length;
          bytes = Buffer.concat([bytes.subarray(0, at), damage.insert, bytes.subarray(at + damage.remove)]);
        }
        await expectStatus(postSigned(bytes), bytes.toString().slice(0, 200), 200, 400);
      }),
      { numRuns: 300 },
    );
    const stats = await client.get<Record<string, number>>('/v1/stats');
    const { received, delivered = 0, waiting = 0, skipped = 0, failed = 0, expired = 0 } = stats;
    expect(received).toBe(delivered + waiting + skipped + failed + expired);
  });

  it('does not care about the content type of signed bytes', async () => {
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data',
      'application/octet-stream',
      'a/b; x="',
    ]) {
      const body = JSON.stringify(webhook(type, 'lovely'));
      await expectStatus(postSigned(body, { 'content-type': type }), type, 200, 415);
    }
    const body = JSON.stringify(webhook('no type', 'lovely'));
    await expectStatus(
      send('POST', hook, { 'x-hub-signature-256': sha('sha256', body) }, body),
      'no type',
      200,
    );
  });

  it('refuses 10 MB, announced or in pieces, and stores nothing', async () => {
    const big = Buffer.alloc(10 * 1024 * 1024, ' ');
    await expectNoRow(async () => {
      const announced = `POST ${hook} HTTP/1.1\r\nHost: x\r\nContent-Length: ${big.length}\r\n\r\n`;
      expect(await exchange(announced)).toMatch(/^HTTP\/1\.1 413 .*problem\+json.*"code":"body_too_large"/s);
      for (const headers of [{ 'content-length': big.length }, { 'transfer-encoding': 'chunked' }]) {
        // The answer comes before the body has gone: a client may see its connection reset instead.
        const answer = await postSigned(big, headers).catch((error: NodeJS.ErrnoException) => error.code);
        if (typeof answer === 'object') await expectStatus(Promise.resolve(answer), 'all of it', 413);
        else expect(['ECONNRESET', 'EPIPE']).toContain(answer);
      }
    });
  });

  it('answers a handshake only to the one question that is right', async () => {
    const right = { 'hub.mode': 'subscribe', 'hub.verify_token': verifyToken, 'hub.challenge': '<b>1</b>' };
    const ask = (query: Record<string, string>) => send('GET', `${hook}?${new URLSearchParams(query)}`);
    await expectNoRow(async () => {
      const answer = await ask(right);
      expect([answer.status, answer.text]).toEqual([200, '<b>1</b>']);
      expect(answer.headers['content-type']).toMatch(/^text\/plain/);
      for (const name of Object.keys(right)) {
        const { [name as 'hub.mode']: _left, ...others } = right;
        await expectStatus(ask(others), `${name} missing`, 403);
        await expectStatus(ask({ ...others, [`${name}[]`]: right['hub.mode'] }), `${name}[]`, 403);
        const twice = `${new URLSearchParams(right)}&${new URLSearchParams({ [name]: right[name as 'hub.mode'] })}`;
        await expectStatus(send('GET', `${hook}?${twice}`), `${name} twice`, 403);
        for (const value of [...nasty, '', '\0', 'x'.repeat(3_000)]) {
          if (name === 'hub.challenge' && value !== '' && value.length < 257) continue;
          await expectStatus(ask({ ...right, [name]: value }), `${name}=${value.slice(0, 30)}`, 403);
        }
      }
      for (const query of [
        '',
        '?',
        '?%00',
        '?%ff=%ff',
        '?hub.mode',
        '?__proto__[x]=1',
        `?${'a&'.repeat(2_000)}`,
      ]) {
        await expectStatus(send('GET', `${hook}${query}`), query.slice(0, 30), 400, 403);
      }
    });
  });

  it('knows no other platforms and no other methods', async () => {
    const body = '{"object":"instagram","entry":[]}';
    const headers = { 'x-hub-signature-256': sha('sha256', body) };
    await expectNoRow(async () => {
      const names = [
        'facebook',
        'Instagram',
        '__proto__',
        'constructor',
        '%00',
        '..%2f..%2fetc',
        "'--",
        '%ff',
        '',
        'x'.repeat(4_000),
      ];
      for (const name of names) {
        for (const method of ['GET', 'POST']) {
          const sent = method === 'POST' ? body : undefined;
          await expectStatus(
            send(method, `/webhooks/${name}`, headers, sent),
            name.slice(0, 30),
            400,
            404,
            414,
          );
        }
      }
      for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'TRACE', 'QUERY']) {
        await expectStatus(send(method, hook, headers), method, 400, 404, 405);
      }
      expect((await send('HEAD', hook, headers)).status).toBe(403);
    });
  });

  it('is not disturbed by what is not even HTTP', async () => {
    const post = `POST ${hook} HTTP/1.1\r\nHost: x\r\n`;
    const refused = {
      'another protocol': 'EHLO fairdrop\r\n\r\n',
      'a TLS greeting': Buffer.from('16030100c8010000c40303', 'hex'),
      'an unknown method': `EAT ${hook} HTTP/1.1\r\nHost: x\r\n\r\n`,
      'a NUL in a header': `${post}X-A: a\0b\r\n\r\n`,
      'two lengths': `${post}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
      'a length and chunks': `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      'a negative length': `${post}Content-Length: -1\r\n\r\n`,
      'a chunk of no size': `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
      'a header of 20 KB': `${post}X-A: ${'a'.repeat(20_000)}\r\n\r\n`,
    };
    await expectNoRow(async () => {
      for (const [what, bytes] of Object.entries(refused)) {
        const text = await exchange(bytes);
        const [head = '', body = ''] = text.split('\r\n\r\n');
        const [, status] = head.match(/^HTTP\/1\.1 (\d+)/) ?? [];
        const type = head.match(/content-type: (\S+)/i)?.[1];
        expectSane(
          { status: Number(status), headers: { 'content-type': type }, text: body },
          `${what}: ${text}`,
        );
        expect(Number(status), what).toBeGreaterThanOrEqual(400);
      }
    });
  });

  it('takes an upload in pieces, and serves others while some are slow or break off', async () => {
    const body = JSON.stringify(webhook('slow', 'lovely'));
    const head = `POST ${hook} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Hub-Signature-256: ${sha('sha256', body)}\r\nContent-Length: ${body.length}\r\n\r\n`;
    const stuck = await Promise.all(Array.from({ length: 100 }, dial));
    await expectNoRow(async () => {
      for (const socket of stuck) socket.write(head + body.slice(0, 100));
      await expectStatus(call('GET', '/v1/stats'), 'meanwhile', 200);
      for (const socket of stuck) socket.destroy();
      await expectStatus(call('GET', '/v1/stats'), 'afterwards', 200);
    });
    const meanwhile = postSigned('{"object":"instagram","entry":[]}');
    const slow = exchange(head, body.slice(0, 50), meanwhile, body.slice(50));
    expect((await meanwhile).status).toBe(200);
    expect(await slow).toMatch(/^HTTP\/1\.1 200 .*\{"received":3\}$/s);
  });
});

describeTheAftermath();
