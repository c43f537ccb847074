/** Look-ups on the wire: what is asked, and what becomes of answers that the fake never gives. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createInstagramAdapter } from '../../src/platforms/instagram/adapter.ts';
import type { LookUpResult, PlatformAdapter, SoughtMessage } from '../../src/platforms/port.ts';
import { answer, type ScriptedGraph, startScriptedGraph } from '../support/scripted-graph.ts';

const token = 'IGAAtesttoken0123456789abcdef';
const accountId = '17841499900000001';
const personId = '61000000000000042';
const account = { externalId: accountId, credentials: { accessToken: token } };
const minuteMs = 60_000;
const now = new Date('2026-03-10T12:00:00Z');
const attemptedAt = new Date(now.getTime() - 10 * minuteMs);
const text = 'Für dich: https://studio.example/guide';

let graph: ScriptedGraph;
let adapter: PlatformAdapter;

const adapterFor = (graphUrl: string, timeoutMs = 20_000) =>
  createInstagramAdapter({ appSecrets: [], verifyToken: undefined, graphUrl, timeoutMs, now: () => now });

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

const common = {
  text,
  attemptedAt,
  contact: { username: 'ada', messagingId: null },
  refusedAsAnswered: false,
  live: false,
  whose: async (): Promise<'possible'> => 'possible',
};
const direct: SoughtMessage = { ...common, kind: 'direct_message', targetId: personId };
const privately: SoughtMessage = { ...common, kind: 'private_reply', targetId: '17900000000000077' };
const known: SoughtMessage = { ...privately, contact: { username: 'ada', messagingId: personId } };
const publicly: SoughtMessage = { ...common, kind: 'public_reply', targetId: '17900000000000077' };

/** Answers by the path without the version; what has no answer is a bug of the test. */
function serve(answers: Record<string, unknown>): void {
  graph.script = (response, request) => {
    const path = new URL(request.url, 'http://graph').pathname.replace('/v25.0', '');
    answer(path in answers ? 200 : 500, answers[path] ?? {})(response, request);
  };
}

const time = (offsetMs: number) =>
  `${new Date(attemptedAt.getTime() + offsetMs).toISOString().slice(0, 19)}+0000`;
const byAccount = { from: { id: accountId, username: 'creator' }, to: { data: [{ id: personId }] } };
const byPerson = { from: { id: personId, username: 'ada' }, to: { data: [{ id: accountId }] } };
const message = (more: object = {}) => ({
  id: 'mid-1',
  message: text,
  created_time: time(1000),
  ...byAccount,
  ...more,
});
const earlier = { id: 'mid-0', message: 'GUIDE', created_time: time(-5000), ...byPerson };

function lookUpIn(messages: object[], paging?: object): Promise<LookUpResult> {
  serve({ [`/${accountId}/conversations`]: { data: [{ id: 'c', messages: { data: messages, paging } }] } });
  return adapter.lookUp(direct, account);
}

describe('a look-up of a direct message', () => {
  test('asks for the conversation with the person, and sends nothing', async () => {
    expect(await lookUpIn([message(), earlier])).toEqual({
      kind: 'found',
      externalId: 'mid-1',
      recipientId: personId,
      detail: 'The message is in the conversation.',
    });
    expect(graph.requests).toHaveLength(1);
    const { method, url, headers } = graph.requests[0]!;
    expect([method, headers.authorization]).toEqual(['GET', `Bearer ${token}`]);
    const { pathname, searchParams } = new URL(url, 'http://graph');
    expect(pathname).toBe(`/v25.0/${accountId}/conversations`);
    expect(Object.fromEntries(searchParams)).toEqual({
      platform: 'instagram',
      user_id: personId,
      fields: 'participants,messages{id,message,from,to,created_time}',
    });
  });

  test.each<[string, object]>([
    ['in other white space', { message: ` ${text.replace(' ', '\r\n\t')}\n` }],
    ['in decomposed characters', { message: text.normalize('NFD') }],
    ['with a clock that goes behind', { created_time: time(-119_000) }],
    ['by another id of the account', { from: { id: '24000000000000001', username: 'creator' } }],
    ['without a sender', { from: undefined }],
    ['without a recipient', { to: undefined }],
    ['with numbers for ids', { id: 42, from: { id: Number(17841499) }, to: { data: [{ id: personId }] } }],
  ])('recognises it %s', async (_what, more) => {
    expect(await lookUpIn([message(more), earlier])).toMatchObject({ kind: 'found' });
  });

  test.each<[string, object]>([
    ['another text', { message: `${text}!` }],
    ['no text', { message: '' }],
    ['an earlier time', { created_time: time(-121_000) }],
    ['the person as its author', byPerson],
  ])('does not take a message with %s for it', async (_what, more) => {
    expect(await lookUpIn([message(more), earlier])).toMatchObject({ kind: 'absent' });
  });

  test.each<[string, object]>([
    ['says neither who wrote it nor to whom', { from: undefined, to: undefined }],
    ['does not say when it was written', { created_time: 'lately' }],
    ['has no id', { id: null }],
  ])('decides nothing by a message with its text that %s', async (_what, more) => {
    expect(await lookUpIn([message(more), earlier])).toMatchObject({ kind: 'unclear' });
  });

  test('needs no exact count: of several equal ones each says that it arrived', async () => {
    const messages = [message({ id: 'mid-3' }), message({ id: 'mid-2' }), earlier];
    expect(await lookUpIn(messages)).toMatchObject({ kind: 'found', externalId: 'mid-3' });
  });

  test('proves absence only by a list that reaches back', async () => {
    const since = Array.from({ length: 20 }, (_, i) => ({ ...earlier, created_time: time(9000 - i) }));
    expect(await lookUpIn([])).toMatchObject({ kind: 'unclear' });
    expect(await lookUpIn(since.slice(0, 3))).toMatchObject({ kind: 'unclear' });
    expect(await lookUpIn([...since.slice(0, 3), earlier])).toMatchObject({ kind: 'absent' });
    expect(await lookUpIn([...since.slice(0, 19), earlier])).toMatchObject({ kind: 'unclear' });
    const long = { ...earlier, created_time: time(-3 * minuteMs) };
    expect(await lookUpIn([...since.slice(0, 19), long])).toMatchObject({ kind: 'absent' });
    expect(await lookUpIn([earlier], { next: 'https://x.example/?access_token=t' })).toMatchObject({
      kind: 'unclear',
    });
    expect(await lookUpIn([{ ...earlier, created_time: null }, earlier])).toMatchObject({ kind: 'unclear' });
  });

  test('finds no conversation where Instagram shows none', async () => {
    serve({ [`/${accountId}/conversations`]: { data: [] } });
    expect(await adapter.lookUp(direct, account)).toMatchObject({ kind: 'unclear' });
  });

  test('reads conversations of any language', async () => {
    const foreign = Array.from({ length: 19 }, () => ({ ...earlier, message: '語'.repeat(3000) }));
    expect(await lookUpIn([...foreign, message()])).toMatchObject({ kind: 'found' });
  });
});

describe('a trace that may be of another message', () => {
  const messages = { data: [message({ id: 'mid-2' }), message(), earlier] };
  const whose = (owners: Record<string, 'anothers' | 'unclear'>) => async (id: string) =>
    owners[id] ?? 'possible';

  test('is passed over where it is known to be another’s', async () => {
    serve({ [`/${accountId}/conversations`]: { data: [{ messages }] } });
    const second = await adapter.lookUp({ ...direct, whose: whose({ 'mid-2': 'anothers' }) }, account);
    expect(second).toMatchObject({ kind: 'found', externalId: 'mid-1' });
    const none = whose({ 'mid-1': 'anothers', 'mid-2': 'anothers' });
    expect(await adapter.lookUp({ ...direct, whose: none }, account)).toMatchObject({ kind: 'absent' });
  });

  test('decides nothing where it could be another’s that is in doubt as well', async () => {
    serve({ [`/${accountId}/conversations`]: { data: [{ messages }] } });
    const shared = whose({ 'mid-1': 'unclear', 'mid-2': 'unclear' });
    expect(await adapter.lookUp({ ...direct, whose: shared }, account)).toMatchObject({ kind: 'unclear' });
    // Instagram refuses a second private reply: there the repetition decides.
    expect(await adapter.lookUp({ ...known, whose: shared }, account)).toMatchObject({ kind: 'absent' });
  });
});

describe('a look-up of a private reply', () => {
  const path = `/${accountId}/conversations`;
  test('asks nobody where the person’s id for messages is not known: repeating it is the question', async () => {
    expect(await adapter.lookUp(privately, account)).toMatchObject({ kind: 'absent' });
    expect(graph.requests).toEqual([]);
  });

  test('does without the conversations where the account may not read them', async () => {
    const refuse = { error: { code: 10, type: 'OAuthException', message: 'no permission' } };
    graph.script = (response, request) => {
      const conversations = request.url.includes('/conversations');
      const comment = { id: privately.targetId, timestamp: time(-minuteMs) };
      answer(conversations ? 403 : 200, conversations ? refuse : comment)(response, request);
    };
    expect(await adapter.lookUp(known, account)).toMatchObject({ kind: 'absent' });
    expect(await adapter.lookUp({ ...known, refusedAsAnswered: true }, account)).toMatchObject({
      kind: 'found',
      externalId: null,
    });
    expect(graph.requests.at(-1)!.url).toBe(`/v25.0/${privately.targetId}?fields=id%2Ctimestamp`);
    expect(await adapter.lookUp(direct, account)).toMatchObject({
      kind: 'unavailable',
      retryAfterMs: 5 * minuteMs,
    });
  });

  test('does not count on a refusal where the age of the comment is not told', async () => {
    serve({ [path]: { data: [] }, [`/${privately.targetId}`]: { id: privately.targetId } });
    expect(await adapter.lookUp({ ...privately, refusedAsAnswered: true }, account)).toMatchObject({
      kind: 'unclear',
    });
  });
});

describe('a look-up of a public reply', () => {
  const comment = `/${publicly.targetId}`;
  const reply = (more: object = {}) => ({ id: 'r-1', text, timestamp: time(1000), ...more });
  const lookUpAmong = (replies: object[], node: object = {}, more: Record<string, unknown> = {}) => {
    serve({
      [comment]: { id: publicly.targetId, ...node },
      [`${comment}/replies`]: { data: replies },
      ...more,
    });
    return adapter.lookUp(publicly, account);
  };

  test.each<[string, object]>([
    ['by `user`, which only own comments have', { user: { id: '24000000000000001' } }],
    ['by the id of the account', { from: { id: accountId, username: 'creator' } }],
    ['by the mark of own comments', { from: { id: '24', self_ig_scoped_id: '24' } }],
  ])('recognises it %s', async (_what, more) => {
    expect(await lookUpAmong([reply({ id: 'r-0', text: 'me too' }), reply(more)])).toMatchObject({
      kind: 'found',
      externalId: 'r-1',
      recipientId: null,
    });
  });

  test.each<[string, object]>([
    ['is of an unknown author', {}],
    ['is of another author', { from: { id: '5', username: 'bo' } }],
    ['has no time', { user: { id: '24' }, timestamp: null }],
  ])('decides nothing by the same text that %s', async (_what, more) => {
    expect(await lookUpAmong([reply(more)])).toMatchObject({ kind: 'unclear' });
  });

  test('is not misled by what was written before', async () => {
    const own = { user: { id: '24' }, timestamp: time(-3 * minuteMs) };
    expect(await lookUpAmong([reply(own)])).toMatchObject({ kind: 'absent' });
  });

  test('looks at the top-level comment, and below the comment itself if it can', async () => {
    const top = { '/9': { id: '9', parent_id: '8', media: { id: '8' } }, '/9/replies': { data: [] } };
    const found = await lookUpAmong(
      [reply({ user: { id: '24' } })],
      { parent_id: '9', media: { id: '8' } },
      top,
    );
    expect(found).toMatchObject({ kind: 'found' });
    expect(graph.requests.map(({ url }) => url.split('?')[0])).toEqual([
      `/v25.0${comment}`,
      '/v25.0/9',
      '/v25.0/9/replies',
      `/v25.0${comment}/replies`,
    ]);
    graph.script = (response, request) => {
      const path = request.url.split('?')[0];
      const refusal = { error: { code: 100, error_subcode: 33, type: 'IGApiException', message: 'no' } };
      if (path === `/v25.0${comment}/replies`) answer(400, refusal)(response, request);
      else if (path === '/v25.0/9/replies') answer(200, { data: [] })(response, request);
      else answer(200, path === '/v25.0/9' ? { id: '9' } : { parent_id: '9' })(response, request);
    };
    expect(await adapter.lookUp(publicly, account)).toMatchObject({ kind: 'absent' });
  });

  test('does not call absent what it could not read to the end', async () => {
    const paging = { cursors: { after: 'x' }, next: 'https://x.example/' };
    const endless = { [`${comment}/replies`]: { data: [reply({ text: 'no' })], paging } };
    expect(await lookUpAmong([], {}, endless)).toMatchObject({ kind: 'unclear' });
    expect(graph.requests).toHaveLength(7);
    const cut = { [`${comment}/replies`]: { data: [], paging: { next: 'https://x.example/' } } };
    expect(await lookUpAmong([], {}, cut)).toMatchObject({ kind: 'unclear' });
  });

  test('does not run in circles', async () => {
    const circle = { '/9': { parent_id: publicly.targetId }, '/9/replies': { data: [] } };
    expect((await lookUpAmong([], { parent_id: '9' }, circle)).kind).toBe('absent');
  });
});

describe('a look-up that is not answered', () => {
  const refusal = (code: number, more: object = {}) => ({
    error: { message: `Because of ${token}.`, type: 'OAuthException', code, ...more },
  });
  const unavailable = (retryAfterMs: number) => ({ kind: 'unavailable', retryAfterMs });
  const usage = JSON.stringify({ [accountId]: [{ estimated_time_to_regain_access: 3 }] });

  test.each<[string, number, unknown, Record<string, string>, object]>([
    ['for haste', 400, refusal(613), {}, unavailable(10_000)],
    [
      'for haste, with a wait',
      400,
      refusal(80002),
      { 'x-business-use-case-usage': usage },
      unavailable(180_000),
    ],
    ['for haste, by a proxy', 429, 'slow down', { 'retry-after': '40' }, unavailable(40_000)],
    ['for its token', 401, refusal(190, { error_subcode: 463 }), {}, unavailable(5 * minuteMs)],
    ['for a block', 403, refusal(368), {}, unavailable(5 * minuteMs)],
    ['in a bad moment', 500, refusal(2), {}, unavailable(30_000)],
    ['in a bad moment with a 4xx', 400, refusal(1), {}, unavailable(30_000)],
    ['by a dead gateway', 502, '<html>', {}, unavailable(30_000)],
    ['by a firewall', 403, '<html>', {}, unavailable(30_000)],
    ['with nonsense', 200, '<html>', {}, unavailable(30_000)],
    ['with a list', 200, [], {}, unavailable(30_000)],
    ['with an error of status 200', 200, refusal(2), {}, unavailable(30_000)],
    ['because the object is unknown', 400, refusal(100, { error_subcode: 33 }), {}, { kind: 'unclear' }],
  ])('%s', async (_what, status, body, headers, expected) => {
    graph.script = answer(status, body, headers);
    for (const sought of [direct, publicly]) {
      const result = await adapter.lookUp(sought, account);
      expect(result).toMatchObject(expected);
      expect(JSON.stringify(result)).not.toContain(token.slice(0, 12));
    }
  });

  test('because nobody is there, or hangs up', async () => {
    const nobody = adapterFor('http://graph.invalid/v25.0');
    graph.script = (response) => response.socket?.resetAndDestroy();
    for (const sought of [direct, known, publicly]) {
      expect(await nobody.lookUp(sought, account)).toMatchObject(unavailable(30_000));
      expect(await adapter.lookUp(sought, account)).toMatchObject(unavailable(30_000));
    }
    await nobody.close();
  });

  test('in time is given up, however many calls it takes', async () => {
    const impatient = adapterFor(graph.url, 500);
    const paging = { cursors: { after: 'x' }, next: 'https://x.example/' };
    const slowly = (
      response: Parameters<typeof graph.script>[0],
      request: Parameters<typeof graph.script>[1],
    ) => setTimeout(() => answer(200, { data: [], paging })(response, request), 150);
    for (const script of [() => {}, slowly]) {
      graph.script = script;
      for (const sought of [direct, known, publicly]) {
        const started = performance.now();
        const result = await impatient.lookUp(sought, account);
        expect(performance.now() - started).toBeLessThan(impatient.lookUpTimeoutMs + 150);
        // These two ask once, and are answered just in time.
        if (script !== slowly || sought === publicly) expect(result).toMatchObject(unavailable(30_000));
      }
    }
    await impatient.close();
  });

  test('asks nobody for what is no token and no id', async () => {
    const withToken = (accessToken: string) => ({ ...account, credentials: { accessToken } });
    for (const sought of [direct, known, publicly]) {
      expect(await adapter.lookUp(sought, withToken(''))).toMatchObject({ kind: 'unclear' });
      expect(await adapter.lookUp(sought, withToken('a b'))).toMatchObject({ kind: 'unclear' });
      expect(await adapter.lookUp({ ...sought, targetId: '..' }, account)).toMatchObject({ kind: 'unclear' });
      expect(await adapter.lookUp(sought, { ...account, externalId: '' })).toMatchObject({ kind: 'unclear' });
    }
    expect(graph.requests).toEqual([]);
  });

  test('cannot leave its path by an id', async () => {
    graph.script = answer(500, '');
    await adapter.lookUp({ ...publicly, targetId: '../me?x=1&y#z/\ud800' }, account);
    expect(graph.requests[0]!.url).toBe(
      '/v25.0/..%2Fme%3Fx%3D1%26y%23z%2F%EF%BF%BD?fields=id%2Cparent_id%2Cmedia',
    );
  });
});
