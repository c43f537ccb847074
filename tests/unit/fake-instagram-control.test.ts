import { describe, expect, test } from 'vitest';
import type { Fault } from '../../fakes/instagram/index.ts';
import { type Answer, errorOf, type Json, privateReply, receiver, start } from '../support/fake-instagram.ts';

describe('scripted faults', () => {
  const attempt = (promise: Promise<Answer>) =>
    promise.then(
      ({ status }) => status,
      () => 'no answer',
    );

  test('after acceptance leave the reply spent and the caller without knowledge', async () => {
    const { fake, graph, comment } = await start();
    const faults: Fault[] = [
      { type: 'accept_then_reset' },
      { type: 'accept_then_500' },
      { type: 'accept_then_timeout', holdMs: 30 },
      { type: 'garbage' },
    ];
    const outcomes: unknown[] = [];
    for (const [index, fault] of faults.entries()) {
      const target = await comment();
      fake.failNext(fault);
      outcomes.push(await attempt(graph('POST', 'me/messages', privateReply(target))));
      expect(fake.sent).toHaveLength(index + 1);
      expect(errorOf(await graph('POST', 'me/messages', privateReply(target)))).toEqual([100, 2534025]);
    }
    expect(outcomes).toEqual(['no answer', 500, 'no answer', 200]);
    expect(fake.pendingFaults).toBe(0);
  });

  test('before acceptance leave everything as it was', async () => {
    const { fake, graph, comment } = await start();
    const target = await comment();
    fake.failNext({ type: 'reset_before_accept' });
    fake.failNext({ type: 'error', code: 2 });
    fake.failNext({ type: 'error', code: 368, message: 'blocked' });
    fake.failNext({ type: 'error', code: 4, status: 429 });
    fake.failNext({ type: 'garbage', accepted: false });
    const outcomes: unknown[] = [];
    for (let i = 0; i < 5; i += 1)
      outcomes.push(await attempt(graph('POST', 'me/messages', privateReply(target))));
    expect(outcomes).toEqual(['no answer', 500, 403, 429, 200]);
    expect(fake.sent).toEqual([]);
    expect((await graph('POST', 'me/messages', privateReply(target))).json).toHaveProperty('message_id');
  });

  test('a throttle names its minutes', async () => {
    const { fake, account, graph, comment } = await start();
    fake.failNext({ type: 'throttle', minutes: 17 });
    const answer = await graph('POST', 'me/messages', privateReply(await comment()));
    expect(answer.json.error.code).toBe(80002);
    const usage = JSON.parse(answer.headers.get('x-business-use-case-usage')!);
    expect(usage[account.id][0].estimated_time_to_regain_access).toBe(17);
  });

  test('a slow answer comes late and takes effect', async () => {
    const { fake, graph, comment } = await start();
    fake.failNext({ type: 'slow', ms: 60 });
    const before = performance.now();
    expect((await graph('POST', 'me/messages', privateReply(await comment()))).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThanOrEqual(55);
    expect(fake.sent).toHaveLength(1);
  });

  test('hit the requests that they are meant for, as often as asked, in order', async () => {
    const { fake, graph, comment } = await start();
    const [one, two] = [await comment(), await comment()];
    fake.failNext({ type: 'error', code: 1 }, { kind: 'public_reply' });
    fake.failNext({ type: 'error', code: 2 }, { comment: two, kind: 'private_reply', times: 2 });
    fake.failNext({ type: 'error', code: 368 }, { kind: 'private_reply', times: Number.POSITIVE_INFINITY });
    const code = async (path: string, body: object) => (await graph('POST', path, body)).json.error?.code;
    expect(await code('me/messages', privateReply(one))).toBe(368);
    expect(await code('me/messages', privateReply(two))).toBe(2);
    expect(await code('me/messages', privateReply(two))).toBe(2);
    expect(await code('me/messages', privateReply(two))).toBe(368);
    expect(await code(`${one.id}/replies`, { message: 'a' })).toBe(1);
    expect(await code(`${one.id}/replies`, { message: 'a' })).toBeUndefined();
    fake.clearFaults();
    expect(await code('me/messages', privateReply(two))).toBeUndefined();
  });

  test('hit a part of the requests at random', async () => {
    const { fake, graph } = await start();
    const failed = async (rate: number) => {
      fake.failNext({ type: 'error', code: 1 }, { kind: 'account', rate, times: Number.POSITIVE_INFINITY });
      const answers = await Promise.all(Array.from({ length: 50 }, () => graph('GET', 'me')));
      fake.clearFaults();
      return answers.filter(({ status }) => status !== 200).length;
    };
    expect(await failed(0)).toBe(0);
    expect(await failed(1)).toBe(50);
    const some = await failed(0.5);
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(50);
  });
});

describe('the rest', () => {
  test('texts can be dropped for long runs, and the traffic forgotten', async () => {
    const { fake, graph, comment } = await start({ keepTexts: false });
    const target = await comment();
    await graph('POST', 'me/messages', privateReply(target, 'long text'));
    expect(fake.sent).toMatchObject([{ text: '' }]);
    fake.forgetTraffic();
    expect([fake.sent.length, fake.refusals.length, fake.requests]).toEqual([0, 0, 0]);
    expect((await graph('POST', 'me/messages', privateReply(target))).status).toBe(400);
    expect(fake.requests).toBe(1);
  });

  test('latency delays every answer', async () => {
    const { graph } = await start({ latencyMs: 40 });
    const before = performance.now();
    await graph('GET', 'me');
    expect(performance.now() - before).toBeGreaterThanOrEqual(35);
  });

  test('another process plays the people over /_fake, when that is allowed', async () => {
    const hook = await receiver();
    const { fake, account, graph } = await start({ webhookUrl: hook.url, control: true, sendEchoes: false });
    const control = async (path: string, body?: object): Promise<Json> => {
      const response = await fetch(new URL(`/_fake/${path}`, fake.graphUrl), {
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      });
      return response.json();
    };
    const comment = await control('comments', { username: 'ada', text: 'GUIDE' });
    expect(hook.received[0]!.json.entry[0].changes[0].value.id).toBe(comment.id);
    expect((await control('comments', { username: 'ada', text: 'again' })).userId).toBe(comment.userId);
    await graph('POST', 'me/messages', privateReply(comment));
    expect(await control('sent')).toMatchObject([{ commentId: comment.id, accountId: account.id }]);
    expect(await control('sent?after=1')).toEqual([]);
    await control('faults', { fault: { type: 'error', code: 2 } });
    expect((await graph('GET', 'me')).status).toBe(500);
    expect(await control('state')).toMatchObject({ sent: 1, requests: 2, refused: 1 });
    expect(await control('comments', { username: 'ada' })).toEqual({ error: 'text is missing' });

    const closed = await start();
    const response = await fetch(new URL('/_fake/state', closed.fake.graphUrl));
    expect(response.status).toBe(401);
  });
});
