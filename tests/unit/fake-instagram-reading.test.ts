import { describe, expect, test } from 'vitest';
import type { FakeComment } from '../../fakes/instagram/index.ts';
import { appSecret, dayMs, errorOf, type Json, privateReply, start } from '../support/fake-instagram.ts';

describe('reading', () => {
  test('/me tells the app-scoped id and the id of the webhooks apart', async () => {
    const { account, graph } = await start();
    const answer = await graph('GET', 'me?fields=user_id,username');
    expect(answer.json).toEqual({ user_id: account.id, username: 'creator', id: account.appScopedId });
    expect(account.appScopedId).not.toBe(account.id);
    expect(errorOf(await graph('GET', 'me?fields=shoe_size'))).toEqual([100, undefined]);
  });

  test('ids do not survive being read as numbers', async () => {
    const { fake, account, user, comment } = await start();
    const ids = [account.id, account.appScopedId, user.id, fake.messagingIdOf(account, user)];
    for (const id of [...ids, (await comment()).id]) {
      expect(id).toMatch(/^\d{17}$/);
      expect(BigInt(id)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
    }
    expect(account.id).toMatch(/^17841/);
    const neighbours = Array.from({ length: 8 }, () => fake.addUser({ username: 'x' }).id);
    expect(new Set(neighbours.map(Number)).size).toBeLessThan(8);
  });

  test('a comment tells when it was written, by whom and where', async () => {
    const { fake, account, user, graph } = await start();
    const media = fake.addMedia(account, { type: 'REELS' });
    const createdAt = new Date('2026-02-28T21:32:16.789Z');
    const comment = await fake.comment({ account, media, user, text: 'GUIDE', createdAt, announce: false });
    const answer = await graph('GET', `${comment.id}?fields=timestamp,text,from,media,hidden`);
    expect(answer.json).toEqual({
      timestamp: '2026-02-28T21:32:16+0000',
      text: 'GUIDE',
      from: { id: user.id, username: 'ada' },
      media: { id: media.id, media_product_type: 'REELS' },
      hidden: false,
      id: comment.id,
    });
    expect((await graph('DELETE', comment.id)).json).toEqual({ success: true });
    expect(errorOf(await graph('GET', comment.id))).toEqual([100, 33]);
  });

  test('comments of a media come newest first, in pages that new comments do not shift', async () => {
    const { fake, account, user, graph } = await start();
    const media = fake.addMedia(account, { type: 'FEED' });
    const write = (text: string) => fake.comment({ account, media, user, text, announce: false });
    const written: FakeComment[] = [];
    for (let i = 0; i < 7; i += 1) written.push(await write(String(i)));
    fake.deleteComment(written[4]!);
    const texts: string[] = [];
    let url: string | undefined =
      `${fake.graphUrl}/${media.id}/comments?fields=text&limit=2&access_token=${account.accessToken}`;
    while (url !== undefined) {
      const next: Json = await (await fetch(url)).json();
      texts.push(...next.data.map((item: Json) => item.text));
      url = next.paging?.next;
      await write('meanwhile');
    }
    expect(texts).toEqual(['6', '5', '3', '2', '1', '0']);
    expect(errorOf(await graph('GET', `${media.id}/comments?after=nonsense`))).toEqual([100, undefined]);
  });

  test('a profile needs consent, which a comment does not give and a message does', async () => {
    const { fake, account, user, graph, comment } = await start();
    await comment();
    const id = fake.messagingIdOf(account, user);
    const path = `${id}?fields=name,username,is_user_follow_business`;
    const before = await graph('GET', path);
    expect(before.json.error).toMatchObject({
      code: 230,
      message: 'User consent is required to access user profile',
    });
    expect(errorOf(await graph('GET', `${user.id}?fields=name`))).toEqual([230, undefined]);
    await fake.userSends({ account, user, text: 'hi' });
    expect((await graph('GET', path)).json).toEqual({
      name: 'ada',
      username: 'ada',
      is_user_follow_business: false,
      id,
    });
    fake.setFollows(account, user, true);
    expect((await graph('GET', path)).json.is_user_follow_business).toBe(true);
  });

  test('whether a tap gives consent can be chosen', async () => {
    const { fake, account, user, graph } = await start({ tapGivesConsent: false });
    await fake.tap({ account, user, title: 'Send it', payload: 'send' });
    expect((await graph('GET', fake.messagingIdOf(account, user))).json.error.code).toBe(230);
  });

  test('a message that was sent is found in its conversation', async () => {
    const { account, user, graph, comment } = await start({ conversationReadsPerSecond: 100 });
    const { recipient_id, message_id } = (
      await graph('POST', 'me/messages', privateReply(await comment(), 'für dich'))
    ).json;
    const fields = 'participants,messages{id,message,from,created_time}';
    const list = await graph('GET', `me/conversations?platform=instagram&fields=${fields}`);
    expect(list.json.data).toHaveLength(1);
    expect(list.json.data[0].participants.data).toContainEqual({ username: 'ada', id: recipient_id });
    expect(list.json.data[0].messages.data).toEqual([
      {
        id: message_id,
        message: 'für dich',
        from: { username: 'creator', id: account.id },
        created_time: '2026-03-01T12:00:00+0000',
      },
    ]);
    const byUser = await graph('GET', `${account.id}/conversations?user_id=${recipient_id}`);
    const conversation = byUser.json.data[0].id;
    const messages = await graph('GET', `${conversation}?fields=messages`);
    expect(messages.json.messages.data[0].id).toBe(message_id);
    const message = await graph('GET', `${message_id}?fields=message,to`);
    expect(message.json).toMatchObject({
      message: 'für dich',
      to: { data: [{ username: user.username, id: recipient_id }] },
    });
    expect((await graph('GET', `me/conversations?user_id=${user.id}`)).json.data).toEqual([]);
  });

  test('a subscription is recorded', async () => {
    const { account, graph } = await start();
    expect(errorOf(await graph('POST', 'me/subscribed_apps'))).toEqual([100, undefined]);
    const answer = await graph('POST', 'me/subscribed_apps?subscribed_fields=comments,messaging_postbacks');
    expect(answer.json).toEqual({ success: true });
    expect([...account.subscribedFields]).toEqual(['comments', 'messaging_postbacks']);
  });
});

describe('tokens', () => {
  test('missing, unknown, expired and revoked ones are all 190', async () => {
    const { fake, account, pass, graph } = await start();
    const missing = await fetch(`${fake.graphUrl}/me`);
    expect([missing.status, ((await missing.json()) as Json).error.code]).toEqual([401, 190]);
    const unknown = await graph('GET', 'me', undefined, { authorization: 'Bearer nonsense' });
    expect(unknown.json.error).toMatchObject({ code: 190, type: 'OAuthException' });
    fake.expireToken(account, 460);
    expect(errorOf(await graph('GET', 'me'))).toEqual([190, 460]);
    fake.issueToken(account);
    expect((await graph('GET', 'me')).status).toBe(200);
    pass(60 * dayMs);
    expect(errorOf(await graph('GET', 'me'))).toEqual([190, 463]);
    fake.issueToken(account);
    fake.expireToken(account);
    expect(errorOf(await graph('GET', 'me'))).toEqual([190, 463]);
  });

  test('one account cannot send for another', async () => {
    const { fake, graph, comment } = await start();
    const other = fake.addAccount({ username: 'other' });
    const answer = await graph('POST', `${other.id}/messages`, privateReply(await comment()));
    expect(errorOf(answer)).toEqual([100, 33]);
    expect(fake.sent).toEqual([]);
  });

  test('are refreshed when they are a day old, and the new one works', async () => {
    const { fake, account, pass, graph } = await start();
    const refresh = () =>
      graph('GET', `refresh_access_token?grant_type=ig_refresh_token&access_token=${account.accessToken}`);
    expect((await refresh()).status).toBe(400);
    pass(dayMs);
    const answer = await refresh();
    expect(answer.json).toEqual({
      access_token: expect.stringMatching(/^IGAA/),
      token_type: 'bearer',
      expires_in: 5_184_000,
    });
    pass(59 * dayMs + 1);
    const later = await graph('GET', 'me', undefined, {
      authorization: `Bearer ${answer.json.access_token}`,
    });
    expect(later.status).toBe(200);
    expect(fake.accounts[0]!.accessToken).toBe(answer.json.access_token);
  });

  test('a short-lived one is exchanged with the app secret', async () => {
    const { fake, account, graph } = await start();
    const short = fake.issueToken(account, { shortLived: true });
    const exchange = (secret: string) =>
      graph('GET', `access_token?grant_type=ig_exchange_token&client_secret=${secret}&access_token=${short}`);
    expect((await exchange('wrong')).json.error.code).toBe(101);
    expect((await exchange(appSecret)).json).toMatchObject({ token_type: 'bearer' });
  });
});

describe('requests that make no sense', () => {
  test('are refused with an error of the Graph API, and the next one is served', async () => {
    const { graph } = await start();
    expect(errorOf(await graph('POST', 'me/messages', '{"recipient": '))).toEqual([100, undefined]);
    expect(errorOf(await graph('POST', 'me/messages', '[]'))).toEqual([100, undefined]);
    expect(errorOf(await graph('POST', 'me/messages', { recipient: 5, message: null }))).toEqual([
      100,
      undefined,
    ]);
    expect(errorOf(await graph('POST', 'me/messages', { recipient: { comment_id: 5 } }))).toEqual([
      100,
      undefined,
    ]);
    expect(errorOf(await graph('GET', 'me/impressions'))).toEqual([2500, undefined]);
    expect(errorOf(await graph('GET', 'me/a/b/c'))).toEqual([2500, undefined]);
    expect(errorOf(await graph('GET', '%E0%A4%A'))).toEqual([100, 33]);
    expect(errorOf(await graph('GET', '__proto__'))).toEqual([100, 33]);
    expect(errorOf(await graph('GET', 'me?fields=from{id'))).toEqual([100, undefined]);
    expect(errorOf(await graph('GET', 'me?fields=constructor'))).toEqual([100, undefined]);
    expect(errorOf(await graph('POST', 'me/messages', `"${'x'.repeat(2_000_000)}"`))).toEqual([
      100,
      undefined,
    ]);
    expect((await graph('GET', 'me')).status).toBe(200);
  });

  test('answers are ASCII, as Meta writes them', async () => {
    const { graph, comment } = await start();
    const answer = await graph('GET', (await comment('für 😍')).id);
    expect(answer.text).toContain('f\\u00fcr \\ud83d\\ude0d');
    expect(answer.json.text).toBe('für 😍');
  });
});
