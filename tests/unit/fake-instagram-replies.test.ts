import { describe, expect, test } from 'vitest';
import { dayMs, errorOf, type Json, privateReply, start, startedAt } from '../support/fake-instagram.ts';

describe('private replies', () => {
  test('reach the author of the comment, and the answer names another id than the comment did', async () => {
    const { fake, account, user, graph, comment } = await start();
    const first = await comment();
    const answer = await graph('POST', `${account.id}/messages`, privateReply(first, 'für dich 😍'));
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json)).toEqual(['recipient_id', 'message_id']);
    expect(answer.json.recipient_id).toBe(fake.messagingIdOf(account, user));
    expect(answer.json.recipient_id).not.toBe(user.id);
    expect(fake.sent).toEqual([
      {
        kind: 'private_reply',
        id: answer.json.message_id,
        accountId: account.id,
        commentId: first.id,
        recipientId: answer.json.recipient_id,
        userId: user.id,
        text: 'für dich 😍',
        at: startedAt,
      },
    ]);
    const second = await graph('POST', 'me/messages', privateReply(await comment()));
    expect(second.json.recipient_id).toBe(answer.json.recipient_id);
  });

  test('are given once per comment, also when two arrive together', async () => {
    const { fake, graph, comment } = await start();
    const only = await comment();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => graph('POST', 'me/messages', privateReply(only))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400]);
    const refused = answers.find(({ status }) => status === 400)!;
    expect(refused.json.error).toEqual({
      message: 'The comment is invalid for a private reply',
      type: 'IGApiException',
      code: 100,
      error_subcode: 2534025,
      fbtrace_id: expect.stringMatching(/^A[\w-]{20,}$/),
    });
    expect(fake.sent).toHaveLength(1);
    expect(fake.refusals).toHaveLength(4);
    expect(fake.refusals[0]).toMatchObject({
      kind: 'private_reply',
      commentId: only.id,
      code: 100,
      subcode: 2534025,
    });
  });

  test('are refused for comments that are unknown, deleted, foreign, or of the account itself', async () => {
    const { fake, account, graph, comment } = await start();
    const deleted = await comment();
    fake.deleteComment(deleted);
    const other = fake.addAccount({ username: 'other' });
    const foreign = await fake.comment({
      account: other,
      user: fake.addUser({ username: 'bo' }),
      text: 'GUIDE',
      announce: false,
    });
    const own = await fake.comment({ account, user: account, text: 'comment GUIDE', announce: false });
    for (const target of [{ id: '17900000000000000' }, deleted, foreign, own]) {
      const answer = await graph('POST', 'me/messages', privateReply(target));
      expect([answer.status, ...errorOf(answer)]).toEqual([400, 100, 2534025]);
    }
    expect(fake.sent).toEqual([]);
  });

  test('are possible for 7 days', async () => {
    const { pass, graph, comment } = await start();
    const [inTime, tooLate] = [await comment(), await comment()];
    pass(7 * dayMs);
    expect((await graph('POST', 'me/messages', privateReply(inTime))).status).toBe(200);
    pass(1);
    expect(errorOf(await graph('POST', 'me/messages', privateReply(tooLate)))).toEqual([100, 2534025]);
  });

  test('answer live comments only while the broadcast runs', async () => {
    const { fake, account, user, graph } = await start();
    const media = fake.addMedia(account, { type: 'FEED' });
    const live = () => fake.comment({ account, media, user, text: 'GUIDE', live: true, announce: false });
    const [during, after] = [await live(), await live()];
    expect((await graph('POST', 'me/messages', privateReply(during))).status).toBe(200);
    fake.endBroadcast(media);
    expect(errorOf(await graph('POST', 'me/messages', privateReply(after)))).toEqual([100, 2534025]);
  });

  test('come as JSON, as a form, and with the token as a parameter', async () => {
    const { fake, account, comment } = await start();
    const [byForm, byQuery] = [await comment(), await comment()];
    const form = await fetch(`${fake.graphUrl}/me/messages`, {
      method: 'POST',
      body: new URLSearchParams({
        access_token: account.accessToken,
        recipient: JSON.stringify({ comment_id: byForm.id }),
        message: JSON.stringify({ text: 'by form' }),
      }),
    });
    const unversioned = new URL(`/me/messages?access_token=${account.accessToken}`, fake.graphUrl);
    const query = await fetch(unversioned, { method: 'POST', body: JSON.stringify(privateReply(byQuery)) });
    expect([form.status, query.status]).toEqual([200, 200]);
    expect(fake.sent.map(({ text }) => text)).toEqual(['by form', 'here you are']);
  });

  test('may be 1000 bytes long, not 1000 characters', async () => {
    const { fake, graph, comment } = await start();
    const target = await comment();
    const tooLong = await graph('POST', 'me/messages', privateReply(target, `${'ä'.repeat(500)}x`));
    expect(errorOf(tooLong)).toEqual([100, undefined]);
    expect((await graph('POST', 'me/messages', privateReply(target, 'ä'.repeat(500)))).status).toBe(200);
    expect(fake.sent).toHaveLength(1);
  });

  test.each([
    ['no text', {}],
    ['an empty text', { text: '' }],
    ['text and attachment', { text: 'a', attachment: { type: 'template', payload: {} } }],
    ['media', { attachment: { type: 'image', payload: { url: 'https://example.com/a.png' } } }],
  ])('with %s are invalid message data', async (_name, message) => {
    const { graph, comment } = await start();
    const answer = await graph('POST', 'me/messages', {
      recipient: { comment_id: (await comment()).id },
      message,
    });
    expect([answer.status, ...errorOf(answer)]).toEqual([400, 100, 2534015]);
  });

  test('carry button templates within their limits', async () => {
    const { fake, graph, comment } = await start();
    const target = await comment();
    const send = (text: string, buttons: object[]) =>
      graph('POST', 'me/messages', {
        recipient: { comment_id: target.id },
        message: {
          attachment: { type: 'template', payload: { template_type: 'button', text, buttons } },
        },
      });
    const button = { type: 'postback', title: 'x'.repeat(20), payload: 'p' };
    const refused = [
      await send('x'.repeat(641), [button]),
      await send('x', []),
      await send('x', [button, button, button, button]),
      await send('x', [{ ...button, title: 'x'.repeat(21) }]),
      await send('x', [{ type: 'web_url', title: 'open', url: 'nowhere' }]),
    ];
    expect(refused.map((answer) => [answer.status, answer.json.error.code])).toEqual(
      refused.map(() => [400, 100]),
    );
    expect((await send('ü'.repeat(640), [button, button, button])).status).toBe(200);
    expect(fake.sent).toMatchObject([
      { text: 'ü'.repeat(640), message: { attachment: { type: 'template' } } },
    ]);
  });

  test('to somebody who blocked the account do not arrive', async () => {
    const { fake, account, user, graph, comment } = await start();
    fake.blockUser(account, user);
    const answer = await graph('POST', 'me/messages', privateReply(await comment()));
    expect(errorOf(answer)).toEqual([551, 1545041]);
    expect(fake.sent).toEqual([]);
  });

  test.each([
    [false, 200],
    [true, 400],
  ])(
    'after a refused one: with rejectedReplyBurnsIt %s the answer is %i',
    async (rejectedReplyBurnsIt, status) => {
      const { fake, graph, comment } = await start({ rejectedReplyBurnsIt });
      const [byText, byScript, byThrottle] = [await comment(), await comment(), await comment()];
      expect((await graph('POST', 'me/messages', privateReply(byText, 'x'.repeat(1001)))).status).toBe(400);
      fake.failNext({ type: 'error', code: 100, subcode: 2534015 }, { comment: byScript });
      expect((await graph('POST', 'me/messages', privateReply(byScript))).status).toBe(400);
      fake.failNext({ type: 'error', code: 80002 }, { comment: byThrottle });
      expect((await graph('POST', 'me/messages', privateReply(byThrottle))).status).toBe(400);
      expect((await graph('POST', 'me/messages', privateReply(byText))).status).toBe(status);
      expect((await graph('POST', 'me/messages', privateReply(byScript))).status).toBe(status);
      expect((await graph('POST', 'me/messages', privateReply(byThrottle))).status).toBe(200);
    },
  );
});

describe('public replies', () => {
  test('become comments of the account under the top-level comment, from form, JSON and query', async () => {
    const { fake, account, user, graph, comment } = await start();
    const top = await comment();
    const nested = await fake.comment({ account, user, text: 'me too', parentId: top.id, announce: false });
    const form = await fetch(`${fake.graphUrl}/${top.id}/replies`, {
      method: 'POST',
      headers: { authorization: `Bearer ${account.accessToken}` },
      body: new URLSearchParams({ message: 'sent you a DM' }),
    });
    expect(await form.json()).toEqual({ id: fake.sent[0]!.id });
    await graph('POST', `${nested.id}/replies`, { message: 'you too' });
    await graph('POST', `${top.id}/replies?message=again`);
    expect(fake.sent).toMatchObject([
      { kind: 'public_reply', commentId: top.id, text: 'sent you a DM' },
      { kind: 'public_reply', commentId: nested.id, text: 'you too' },
      { kind: 'public_reply', commentId: top.id, text: 'again' },
    ]);
    const read = await graph('GET', `${top.id}?fields=replies{text,username,parent_id}`);
    expect(
      read.json.replies.data.toReversed().map((reply: Json) => [reply.text, reply.username, reply.parent_id]),
    ).toEqual([
      ['me too', 'ada', top.id],
      ['sent you a DM', 'creator', top.id],
      ['you too', 'creator', top.id],
      ['again', 'creator', top.id],
    ]);
  });

  test('are refused on hidden and on live comments, and without a text', async () => {
    const { fake, account, user, graph, comment } = await start();
    const hidden = await comment();
    expect((await graph('POST', `${hidden.id}?hide=true`)).json).toEqual({ success: true });
    const live = await fake.comment({ account, user, text: 'GUIDE', live: true, announce: false });
    for (const target of [hidden, live]) {
      expect(errorOf(await graph('POST', `${target.id}/replies`, { message: 'hi' }))).toEqual([
        100,
        undefined,
      ]);
    }
    expect(errorOf(await graph('POST', `${(await comment()).id}/replies`, {}))).toEqual([100, 2534015]);
    expect(fake.sent).toEqual([]);
    expect((await graph('POST', `${hidden.id}?hide=false`)).json).toEqual({ success: true });
    expect((await graph('POST', `${hidden.id}/replies`, { message: 'hi' })).status).toBe(200);
  });
});
