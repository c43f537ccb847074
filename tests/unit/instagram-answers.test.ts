import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createInstagramAdapter } from '../../src/platforms/instagram/adapter.ts';
import { readRetryAfterMs } from '../../src/platforms/instagram/throttle.ts';
import type { PlatformAdapter, SendOutcome } from '../../src/platforms/port.ts';
import { answer, type ScriptedGraph, startScriptedGraph } from '../support/scripted-graph.ts';

const token = 'IGAAtesttoken0123456789abcdef';
const minuteMs = 60_000;

let graph: ScriptedGraph;
let adapter: PlatformAdapter;

beforeAll(async () => {
  graph = await startScriptedGraph();
  adapter = createInstagramAdapter({ appSecrets: [], verifyToken: undefined, graphUrl: graph.url });
});

beforeEach(() => {
  graph.requests.length = 0;
});

afterAll(async () => {
  await adapter.close();
  await graph.close();
});

async function send(): Promise<SendOutcome> {
  const outcome = await adapter.send(
    { kind: 'private_reply', targetId: '77', text: 'hello' },
    { externalId: '1', credentials: { accessToken: token } },
  );
  expect(graph.requests).toHaveLength(1);
  return outcome;
}

function sendAnswered(status: number, body: unknown, headers?: Record<string, string>): Promise<SendOutcome> {
  graph.script = answer(status, body, headers);
  return send();
}

const refusal = (code: unknown, subcode?: unknown, more: object = {}) => ({
  error: {
    message: 'Because.',
    type: 'OAuthException',
    code,
    error_subcode: subcode,
    fbtrace_id: 'AbC',
    ...more,
  },
});

describe('an error of the Graph API', () => {
  const rejected = (reason: string, answered = false) => ({ kind: 'rejected', reason, answered });
  const account = (reason: string) => ({ kind: 'account', reason });
  const throttled = { kind: 'throttled', retryAfterMs: 5 * minuteMs };
  const unknown = { kind: 'unknown', reason: 'platform_error' };

  test.each<[number, number | undefined, object]>([
    [10, 2534022, rejected('outside_window')],
    [10, 2018278, rejected('outside_window')],
    [10, 2018108, rejected('recipient_unavailable')],
    [10, 2534077, rejected('recipient_unavailable')],
    [10, 2018065, rejected('recipient_unavailable')],
    [10, 1893063, account('blocked')],
    [10, undefined, account('not_permitted')],
    [10, 7, rejected('refused_by_platform')],
    [100, 2534025, rejected('already_replied_or_invalid_comment', true)],
    [100, 2534014, rejected('recipient_unavailable')],
    [100, 2018001, rejected('recipient_unavailable')],
    [100, 2534013, account('not_permitted')],
    [100, 2534015, rejected('invalid_message')],
    [100, 2534029, rejected('recipient_unavailable')],
    [100, 2534037, { kind: 'not_sent', reason: 'conversation_elsewhere' }],
    [100, undefined, rejected('refused_by_platform')],
    [100, 33, rejected('refused_by_platform')],
    [102, undefined, account('token_invalid')],
    [102, 460, account('token_invalid')],
    [190, undefined, account('token_invalid')],
    [190, 458, account('token_invalid')],
    [190, 459, account('token_invalid')],
    [190, 460, account('token_invalid')],
    [190, 463, account('token_invalid')],
    [190, 467, account('token_invalid')],
    [200, undefined, account('not_permitted')],
    [200, 2018028, account('not_permitted')],
    [200, 2534041, account('not_permitted')],
    [210, undefined, account('not_permitted')],
    [299, undefined, account('not_permitted')],
    [200, 1545041, rejected('recipient_unavailable')],
    [551, 1545041, rejected('recipient_unavailable')],
    [551, undefined, rejected('recipient_unavailable')],
    [230, undefined, rejected('consent_required')],
    [3, undefined, account('not_permitted')],
    [4, undefined, throttled],
    [17, undefined, throttled],
    [32, undefined, throttled],
    [613, undefined, throttled],
    [613, 2534040, throttled],
    [613, 2018338, throttled],
    [341, undefined, throttled],
    [80001, undefined, throttled],
    [80002, 2446079, throttled],
    [80006, undefined, throttled],
    [368, undefined, account('blocked')],
    [4, 2207051, account('blocked')],
    [1, undefined, unknown],
    [2, undefined, unknown],
    [2, 1545133, unknown],
    [10900, undefined, rejected('already_replied_or_invalid_comment', true)],
    [10902, undefined, rejected('not_replyable')],
    [9009, undefined, rejected('recipient_unavailable')],
    [2500, undefined, rejected('refused_by_platform')],
  ])('%i/%s becomes %j', async (code, subcode, expected) => {
    const outcome = await sendAnswered(400, refusal(code, subcode));
    expect(outcome).toMatchObject(expected);
    const name = subcode === undefined ? `${code}` : `${code}/${subcode}`;
    expect(outcome).toHaveProperty('detail', `Error ${name} (fbtrace_id AbC): Because.`);
  });

  test('is read also where its codes are written as text', async () => {
    expect(await sendAnswered(400, refusal('100', '2534025'))).toMatchObject(
      rejected('already_replied_or_invalid_comment', true),
    );
  });

  test('means the same whichever 4xx status it comes with', async () => {
    expect(await sendAnswered(403, refusal(10, 2534022))).toMatchObject(rejected('outside_window'));
    graph.requests.length = 0;
    expect(await sendAnswered(429, refusal(190))).toMatchObject(account('token_invalid'));
    graph.requests.length = 0;
    expect(await sendAnswered(429, refusal(2500))).toMatchObject(throttled);
  });

  test('proves nothing with a 5xx status, or where it calls itself transient', async () => {
    expect(await sendAnswered(500, refusal(190))).toMatchObject(unknown);
    graph.requests.length = 0;
    expect(await sendAnswered(400, refusal(2500, undefined, { is_transient: true }))).toMatchObject(unknown);
  });

  test('without a code that can be read is no error of the Graph API', async () => {
    expect(await sendAnswered(400, refusal({}))).toMatchObject({
      kind: 'unknown',
      reason: 'answer_unreadable',
    });
  });

  test('with neither type nor trace is the word of a proxy, which rejects no message for good', async () => {
    const proxy = (code: number) => ({ error: { code, message: 'Forbidden', status: 'PERMISSION_DENIED' } });
    expect(await sendAnswered(403, proxy(403))).toMatchObject({
      kind: 'not_sent',
      reason: 'refused_on_the_way',
    });
    graph.requests.length = 0;
    expect(await sendAnswered(400, proxy(400))).toMatchObject({
      kind: 'unknown',
      reason: 'answer_unreadable',
    });
    graph.requests.length = 0;
    expect(await sendAnswered(400, { error: { code: 190, type: 'OAuthException' } })).toMatchObject(
      account('token_invalid'),
    );
  });
});

describe('a refusal without an envelope', () => {
  test.each([401, 403, 404, 405, 407, 413])(
    'with status %i was made on the way: not sent',
    async (status) => {
      expect(await sendAnswered(status, '<html>Blocked by your proxy</html>')).toMatchObject({
        kind: 'not_sent',
        reason: 'refused_on_the_way',
        detail: `HTTP ${status}: <html>Blocked by your proxy</html>`,
      });
    },
  );

  test.each([400, 408, 409, 422, 499])('with status %i proves nothing', async (status) => {
    expect(await sendAnswered(status, 'no')).toMatchObject({ kind: 'unknown', reason: 'answer_unreadable' });
  });

  test('with status 429 asks for patience', async () => {
    expect(await sendAnswered(429, 'slow down', { 'retry-after': '120' })).toMatchObject({
      kind: 'throttled',
      retryAfterMs: 2 * minuteMs,
    });
  });

  test('is recognised however long its page is', async () => {
    expect(await sendAnswered(403, 'x'.repeat(200_000))).toMatchObject({ kind: 'not_sent' });
  });
});

describe('the wait after a refusal for haste', () => {
  const usage = (...minutes: unknown[]) =>
    JSON.stringify({
      '17841499900000001': minutes.map((wait) => ({
        type: 'instagram',
        estimated_time_to_regain_access: wait,
      })),
    });
  const now = new Date('2026-03-10T12:00:00Z');

  test('is taken from the usage header, in minutes', async () => {
    const outcome = await sendAnswered(400, refusal(80002), {
      'x-business-use-case-usage': usage(7),
      'retry-after': '120',
    });
    expect(outcome).toMatchObject({ kind: 'throttled', retryAfterMs: 7 * minuteMs });
  });

  test.each<[string, Record<string, string>, number]>([
    ['is the longest of several', { 'x-business-use-case-usage': usage(3, 12, 5) }, 12 * minuteMs],
    [
      'is in Retry-After where usage has none',
      { 'x-business-use-case-usage': usage(0), 'retry-after': '90' },
      90_000,
    ],
    [
      'is in Retry-After where usage is broken',
      { 'x-business-use-case-usage': '{', 'retry-after': '90' },
      90_000,
    ],
    ['may be a date', { 'retry-after': 'Tue, 10 Mar 2026 12:03:00 GMT' }, 3 * minuteMs],
    ['is five minutes where nothing says', {}, 5 * minuteMs],
    ['is five minutes where nothing can be read', { 'retry-after': 'soon' }, 5 * minuteMs],
    ['is ten seconds at least', { 'retry-after': '0' }, 10_000],
    ['is ten seconds at least, also by a date', { 'retry-after': 'Tue, 10 Mar 2020 12:00:00 GMT' }, 10_000],
    ['is a day at most', { 'x-business-use-case-usage': usage(1e9) }, 24 * 60 * minuteMs],
    ['ignores what is no number', { 'x-business-use-case-usage': usage('x', null, -4, 2) }, 2 * minuteMs],
  ])('%s', (_what, headers, expectedMs) => {
    expect(readRetryAfterMs(headers, now)).toBe(expectedMs);
  });
});

describe('the rest after a message that was sent', () => {
  const business = (usage: object) => ({
    'x-business-use-case-usage': JSON.stringify({ '17841499900000001': [{ type: 'instagram', ...usage }] }),
  });

  test.each<[string, Record<string, string>, number]>([
    ['is none without figures', {}, 0],
    ['is none below 95 percent', business({ call_count: 94, total_time: 94, total_cputime: 94 }), 0],
    ['is a minute from 95 percent on', business({ call_count: 95 }), minuteMs],
    ['heeds the time as well as the calls', business({ call_count: 1, total_cputime: 99 }), minuteMs],
    ['is five minutes at 100 percent', business({ call_count: 100 }), 5 * minuteMs],
    [
      'is as long as the figures say',
      business({ call_count: 103, estimated_time_to_regain_access: 17 }),
      17 * minuteMs,
    ],
    [
      'is a day at most',
      business({ call_count: 100, estimated_time_to_regain_access: 1e9 }),
      1440 * minuteMs,
    ],
    [
      'is the longest of several',
      { ...business({ call_count: 96 }), 'x-app-usage': '{"call_count":3}' },
      minuteMs,
    ],
    ['heeds the whole app', { 'x-app-usage': '{"call_count":2,"total_time":100}' }, 5 * minuteMs],
    ['is none where the figures are broken', { 'x-app-usage': '[7]', 'x-business-use-case-usage': '{' }, 0],
    ['ignores what is no number', business({ call_count: 'x', total_time: null }), 0],
  ])('%s', async (_what, headers, restMs) => {
    expect(await sendAnswered(200, { message_id: 'm', recipient_id: '5' }, headers)).toEqual({
      kind: 'sent',
      externalId: 'm',
      recipientId: '5',
      restMs,
    });
  });
});

describe('the detail of an outcome', () => {
  test.each<[string, number, unknown]>([
    ['repeats the token', 400, refusal(190, undefined, { message: `Malformed access token ${token}` })],
    ['repeats the token twice', 400, refusal(100, 1, { message: `${token}${token}` })],
    ['repeats a cut token', 400, refusal(190, undefined, { message: `Malformed: ${token.slice(0, 20)}…` })],
    ['has the token at the edge', 400, refusal(9, 9, { message: `${'x'.repeat(460)}${token}` })],
    ['has the token as its trace', 400, refusal(9, 9, { fbtrace_id: token })],
    ['is a page with the token', 403, `<html>Denied: Bearer ${token}</html>`],
    ['is a broken success with the token', 200, `token=${token}`],
  ])('never holds the token when the answer %s', async (_what, status, body) => {
    const outcome = await sendAnswered(status, body);
    expect(JSON.stringify(outcome)).not.toContain(token.slice(0, 12));
  });

  test('is short and storable, however the answer was', async () => {
    const outcome = await sendAnswered(
      400,
      refusal(100, 1, { message: `\0 \ud800 \n ${'😍'.repeat(9000)}` }),
    );
    const { detail } = outcome as { detail: string };
    expect(detail.length).toBeLessThanOrEqual(500);
    expect(detail.isWellFormed()).toBe(true);
    expect(detail).not.toMatch(/[\0\n]/);
    expect(detail).toContain('Error 100/1 (fbtrace_id AbC)');
  });
});

describe('a token', () => {
  const identify = (accessToken = token) => adapter.identify({ accessToken });

  test.each([
    ['at the top', '{"user_id":17841499900000001,"username":"bakery","id":"99"}'],
    ['inside data[]', '{"data":[{"user_id":"17841499900000001","username":"bakery"}]}'],
  ])('belongs to the account that the answer names %s', async (_where, body) => {
    graph.script = answer(200, body);
    expect(await identify()).toEqual({
      kind: 'identified',
      externalId: '17841499900000001',
      username: 'bakery',
    });
    expect(graph.requests).toMatchObject([
      {
        method: 'GET',
        url: '/v25.0/me?fields=user_id,username',
        headers: { authorization: `Bearer ${token}` },
        body: '',
      },
    ]);
  });

  test.each([
    ['is dead', 400, refusal(190, 463), 'refused'],
    ['may not ask', 403, refusal(10), 'refused'],
    ['asks for what does not exist', 400, refusal(100), 'refused'],
    ['asks too often', 400, refusal(4), 'unavailable'],
    ['meets a bad moment', 500, refusal(2), 'unavailable'],
    ['meets a proxy', 403, '<html>', 'unavailable'],
    ['gets no user_id', 200, { id: '99', username: 'bakery' }, 'unavailable'],
    ['gets nonsense', 200, '[]', 'unavailable'],
  ])('that %s is told so without being repeated', async (_what, status, body, kind) => {
    graph.script = answer(status, body);
    const result = await identify();
    expect(result.kind).toBe(kind);
    expect(JSON.stringify(result)).not.toContain(token);
  });

  test('that cannot be one, and a platform that is not there, are told apart', async () => {
    expect(await identify('')).toMatchObject({ kind: 'refused' });
    const nobody = createInstagramAdapter({
      appSecrets: [],
      verifyToken: undefined,
      graphUrl: 'http://graph.invalid/v1',
    });
    expect(await nobody.identify({ accessToken: token })).toMatchObject({ kind: 'unavailable' });
    await nobody.close();
  });
});
