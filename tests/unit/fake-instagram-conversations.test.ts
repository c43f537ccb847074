import { describe, expect, test } from 'vitest';
import {
  dayMs,
  errorOf,
  type Json,
  minuteMs,
  privateReply,
  receiver,
  start,
} from '../support/fake-instagram.ts';

describe('conversations', () => {
  test('are listed by their latest message, newest first, and name the person whose id nobody knows yet', async () => {
    const { fake, account, user, pass, graph, comment } = await start({ conversationReadsPerSecond: 100 });
    const bo = fake.addUser({ username: 'bo' });
    const says = (who: typeof user, text: string) =>
      fake.userSends({ account, user: who, text, announce: false });
    const list = async () => {
      const fields = 'participants,updated_time';
      const { json } = await graph('GET', `me/conversations?platform=instagram&fields=${fields}`);
      return json.data.map(({ participants, updated_time }: Json) => [participants.data[1], updated_time]);
    };
    await says(bo, 'hi');
    pass(minuteMs);
    const reply = await graph('POST', 'me/messages', privateReply(await comment()));
    const [ada, other] = [
      { username: 'ada', id: reply.json.recipient_id },
      { username: 'bo', id: fake.messagingIdOf(account, bo) },
    ];
    expect(await list()).toEqual([
      [ada, '2026-03-01T12:01:00+0000'],
      [other, '2026-03-01T12:00:00+0000'],
    ]);
    pass(minuteMs);
    await says(bo, 'still there?');
    expect(await list()).toEqual([
      [other, '2026-03-01T12:02:00+0000'],
      [ada, '2026-03-01T12:01:00+0000'],
    ]);
  });

  test('show direct messages of the account beside those of the person, newest first', async () => {
    const { fake, account, user, graph } = await start({ conversationReadsPerSecond: 100 });
    await fake.userSends({ account, user, text: 'GUIDE', announce: false });
    const id = fake.messagingIdOf(account, user);
    const sent = await graph('POST', 'me/messages', { recipient: { id }, message: { text: 'here' } });
    const fields = 'messages{id,message,from,to,created_time}';
    const { json } = await graph('GET', `me/conversations?user_id=${id}&fields=${fields}`);
    expect(json.data[0].messages.data).toMatchObject([
      { id: sent.json.message_id, message: 'here', from: { id: account.id }, to: { data: [{ id }] } },
      { message: 'GUIDE', from: { id, username: 'ada' }, to: { data: [{ id: account.id }] } },
    ]);
  });
});

describe('own comments', () => {
  test('are told from others by `user`, and are among the replies of the top-level comment', async () => {
    const { fake, account, user, graph, comment } = await start();
    const top = await comment();
    const reply = await fake.comment({ account, user, text: 'me too', parentId: top.id, announce: false });
    const { json } = await graph('POST', `${reply.id}/replies`, { message: 'sent!' });
    const replies = await graph('GET', `${top.id}/replies?fields=id,text,from,user`);
    expect(replies.json.data).toEqual([
      {
        id: json.id,
        text: 'sent!',
        from: { id: account.id, username: 'creator', self_ig_scoped_id: account.appScopedId },
        user: { id: account.id },
      },
      { id: reply.id, text: 'me too', from: { id: user.id, username: 'ada' } },
    ]);
  });
});

describe('a message after a Click-to-Direct ad', () => {
  test('names the ad and keeps the window open for 7 days, whatever comes after it', async () => {
    const hook = await receiver();
    const { fake, account, user, pass, graph } = await start({ webhookUrl: hook.url, sendEchoes: false });
    await fake.userSends({ account, user, text: 'tell me more', adId: '120200000000000001' });
    expect(hook.received[0]!.json.entry[0].messaging[0].message).toMatchObject({
      text: 'tell me more',
      referral: { source: 'ADS', type: 'OPEN_THREAD', ad_id: '120200000000000001' },
    });
    const dm = { recipient: { id: fake.messagingIdOf(account, user) }, message: { text: 'a' } };
    pass(dayMs);
    await fake.userSends({ account, user, text: 'well?', announce: false });
    pass(6 * dayMs);
    expect((await graph('POST', 'me/messages', dm)).status).toBe(200);
    pass(1);
    expect(errorOf(await graph('POST', 'me/messages', dm))).toEqual([10, 2534022]);
  });
});

test('a token is refreshed with and without a version in the address', async () => {
  const { fake, account, pass } = await start();
  pass(dayMs);
  for (const path of ['/refresh_access_token', '/v25.0/refresh_access_token']) {
    const url = new URL(path, fake.graphUrl);
    url.searchParams.set('grant_type', 'ig_refresh_token');
    url.searchParams.set('access_token', account.accessToken);
    expect((await fetch(url)).status).toBe(200);
    pass(dayMs);
  }
});
