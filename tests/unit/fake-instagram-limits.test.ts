import { describe, expect, test } from 'vitest';
import type { FakeAccount } from '../../fakes/instagram/index.ts';
import {
  type Answer,
  caller,
  dayMs,
  errorOf,
  minuteMs,
  privateReply,
  start,
} from '../support/fake-instagram.ts';

describe('limits', () => {
  const usage = ({ headers }: Answer, account: FakeAccount) =>
    JSON.parse(headers.get('x-business-use-case-usage')!)[account.id][0];

  test('750 private replies an hour and account, then 80002 with the minutes to wait', async () => {
    const { fake, account, pass, graph, comment } = await start();
    for (let i = 0; i < 749; i += 1) {
      if (i === 600) pass(20 * minuteMs);
      expect((await graph('POST', 'me/messages', privateReply(await comment()))).status).toBe(200);
    }
    const last = await graph('POST', 'me/messages', privateReply(await comment()));
    expect(usage(last, account)).toMatchObject({ call_count: 100, estimated_time_to_regain_access: 0 });
    const target = await comment();
    const throttled = await graph('POST', 'me/messages', privateReply(target));
    expect(errorOf(throttled)).toEqual([80002, undefined]);
    expect(usage(throttled, account)).toMatchObject({
      type: 'instagram',
      estimated_time_to_regain_access: 40,
    });

    const other = fake.addAccount({ username: 'other' });
    const elsewhere = await fake.comment({
      account: other,
      user: fake.addUser({ username: 'bo' }),
      text: 'GUIDE',
      announce: false,
    });
    expect((await caller(fake, other)('POST', 'me/messages', privateReply(elsewhere))).status).toBe(200);

    pass(40 * minuteMs - 1);
    expect((await graph('POST', 'me/messages', privateReply(target))).status).toBe(400);
    pass(1);
    expect((await graph('POST', 'me/messages', privateReply(target))).status).toBe(200);
    expect(fake.sent).toHaveLength(752);
  });

  test('refused replies count against the hour, and the limit may be called 613', async () => {
    const { graph, comment } = await start({ privateRepliesPerHour: 2, throttleCode: 613 });
    const target = await comment();
    await graph('POST', 'me/messages', privateReply(target));
    await graph('POST', 'me/messages', privateReply(target));
    const third = await graph('POST', 'me/messages', privateReply(await comment()));
    expect(errorOf(third)).toEqual([613, undefined]);
  });

  test('both usage headers are on every answer', async () => {
    const { account, graph } = await start();
    for (const path of ['me', 'me/nothing/else', '17900000000000000']) {
      const answer = await graph('GET', path);
      expect(JSON.parse(answer.headers.get('x-app-usage')!)).toHaveProperty('call_count');
      expect(usage(answer, account)).toHaveProperty('estimated_time_to_regain_access');
    }
    const unknown = await graph('GET', 'me', undefined, { authorization: 'Bearer nobody' });
    expect(unknown.headers.get('x-business-use-case-usage')).toBe('{}');
  });

  test('live replies and messages have a limit per second instead', async () => {
    const { fake, account, user, graph } = await start({
      privateRepliesPerHour: 0,
      livePrivateRepliesPerSecond: 1,
      dmsPerSecond: 1,
    });
    const live = () => fake.comment({ account, user, text: 'x', live: true, announce: false });
    const targets = [await live(), await live()];
    const replies = await Promise.all(
      targets.map((target) => graph('POST', 'me/messages', privateReply(target))),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 400]);
    await fake.userSends({ account, user, text: 'hi' });
    const message = { recipient: { id: fake.messagingIdOf(account, user) }, message: { text: 'a' } };
    const dms = await Promise.all([1, 2].map(() => graph('POST', 'me/messages', message)));
    expect(dms.map(({ json }) => json.error?.code).sort()).toEqual([613, undefined]);
  });

  test('conversations can be read twice a second', async () => {
    const { graph } = await start();
    const answers = await Promise.all(Array.from({ length: 3 }, () => graph('GET', 'me/conversations')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 400]);
  });
});

describe('messages into the window', () => {
  const dm = (id: string, text = 'hello') => ({ recipient: { id }, message: { text } });

  test('need a message or a tap of the person within 24 hours', async () => {
    const { fake, account, user, pass, graph, comment } = await start();
    const reply = await graph('POST', 'me/messages', privateReply(await comment()));
    const id = reply.json.recipient_id;
    const early = await graph('POST', 'me/messages', dm(id));
    expect([early.status, ...errorOf(early)]).toEqual([403, 10, 2534022]);
    await fake.tap({ account, user, title: 'Send it', payload: 'send' });
    pass(dayMs);
    expect((await graph('POST', 'me/messages', dm(id))).status).toBe(200);
    pass(1);
    expect(errorOf(await graph('POST', 'me/messages', dm(id)))).toEqual([10, 2534022]);
    await fake.userSends({ account, user, text: 'thanks' });
    expect((await graph('POST', 'me/messages', dm(id))).status).toBe(200);
    expect(fake.sent.map(({ kind }) => kind)).toEqual(['private_reply', 'dm', 'dm']);
  });

  test('may be late with the HUMAN_AGENT tag, and know no other tag', async () => {
    const { fake, account, user, pass, graph } = await start();
    await fake.userSends({ account, user, text: 'hi' });
    const id = fake.messagingIdOf(account, user);
    pass(6 * dayMs);
    const other = await graph('POST', 'me/messages', { ...dm(id), tag: 'CONFIRMED_EVENT_UPDATE' });
    expect(errorOf(other)).toEqual([100, undefined]);
    expect((await graph('POST', 'me/messages', { ...dm(id), tag: 'HUMAN_AGENT' })).status).toBe(200);
    pass(dayMs + 1);
    const late = await graph('POST', 'me/messages', { ...dm(id), tag: 'HUMAN_AGENT' });
    expect(errorOf(late)).toEqual([10, 2534022]);
  });

  test('do not know people by the id that their comments carry', async () => {
    const { fake, account, user, graph } = await start();
    await fake.userSends({ account, user, text: 'hi' });
    expect(errorOf(await graph('POST', 'me/messages', dm(user.id)))).toEqual([100, 2534014]);
  });
});
