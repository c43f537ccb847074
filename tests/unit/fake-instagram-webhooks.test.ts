import { describe, expect, test } from 'vitest';
import { hmac, type Json, privateReply, receiver, start, startedAt } from '../support/fake-instagram.ts';

describe('webhooks', () => {
  test('are escaped, and signed over exactly the bytes that are sent', async () => {
    const hook = await receiver();
    const { fake, account, user } = await start({ webhookUrl: hook.url });
    const comment = await fake.comment({ account, user, text: 'GUIDE für 😍 a/b' });
    const { raw, json, headers } = hook.received[0]!;
    expect(raw.toString('latin1')).toContain('"GUIDE f\\u00fcr \\ud83d\\ude0d a/b"');
    expect(headers['x-hub-signature-256']).toBe(`sha256=${hmac('sha256', raw)}`);
    expect(headers['x-hub-signature']).toBe(`sha1=${hmac('sha1', raw)}`);
    expect(json).toEqual({
      object: 'instagram',
      entry: [
        {
          id: account.id,
          time: startedAt.getTime() / 1000,
          changes: [
            {
              field: 'comments',
              value: {
                from: { id: user.id, username: 'ada' },
                media: { id: comment.media.id, media_product_type: 'FEED' },
                id: comment.id,
                text: 'GUIDE für 😍 a/b',
              },
            },
          ],
        },
      ],
    });
  });

  test('agree with the published signature of a known body', async () => {
    const hook = await receiver();
    const { fake } = await start({ webhookUrl: hook.url });
    await fake.deliver({
      object: 'instagram',
      entry: [
        {
          id: '17841400000000001',
          time: 1763800000,
          changes: [
            {
              field: 'comments',
              value: {
                id: '17900000000000001',
                from: { id: '526000000000001', username: 'jäne' },
                text: 'GUIDE 😍',
                media: { id: '18000000000000001', media_product_type: 'REELS' },
              },
            },
          ],
        },
      ],
    });
    expect(hook.received[0]!.headers['x-hub-signature-256']).toBe(
      'sha256=49376f7966d5f5b88936974c2c8b2392465efa29b2a65f4d5bb23f324642bdac',
    );
  });

  test('can be signed wrongly in every way, have their slashes escaped, and be repeated', async () => {
    const hook = await receiver();
    const { fake } = await start({ webhookUrl: hook.url });
    const payload = { text: 'ä https://example.com/a' };
    const results = await fake.deliver(payload, { escapeSlashes: true, times: 2 });
    expect(results).toEqual([
      { status: 200, body: 'seen' },
      { status: 200, body: 'seen' },
    ]);
    const [first, second] = hook.received;
    expect(first!.raw.toString()).toBe('{"text":"\\u00e4 https:\\/\\/example.com\\/a"}');
    expect(first!.json).toEqual(payload);
    expect(second!.raw.equals(first!.raw)).toBe(true);
    expect(first!.headers['x-hub-signature-256']).toBe(`sha256=${hmac('sha256', first!.raw)}`);
    await fake.deliver(payload, { signWith: 'unescaped' });
    await fake.deliver(payload, { signWith: 'wrong' });
    await fake.deliver(payload, { signWith: 'none' });
    const [unescaped, wrong, none] = hook.received.slice(2);
    expect(unescaped!.headers['x-hub-signature-256']).toBe(
      `sha256=${hmac('sha256', JSON.stringify(payload))}`,
    );
    expect(unescaped!.headers['x-hub-signature-256']).not.toBe(`sha256=${hmac('sha256', unescaped!.raw)}`);
    expect(wrong!.headers['x-hub-signature-256']).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(wrong!.headers['x-hub-signature-256']).not.toBe(`sha256=${hmac('sha256', wrong!.raw)}`);
    expect(none!.headers).not.toHaveProperty('x-hub-signature-256');
  });

  test('come in all documented envelopes', async () => {
    const hook = await receiver();
    const { fake, account, user } = await start({ webhookUrl: hook.url });
    const ids: string[] = [];
    for (const envelope of ['flat', 'array', 'comment_id'] as const) {
      ids.push((await fake.comment({ account, user, text: 'GUIDE', envelope })).id);
    }
    const [flat, array, commentId] = hook.received.map(({ json }) => json);
    expect(flat.entry[0]).toMatchObject({ id: account.id, field: 'comments', value: { id: ids[0] } });
    expect(flat.entry[0]).not.toHaveProperty('changes');
    expect(array[0].entry[0].changes[0].value.id).toBe(ids[1]);
    expect(commentId.entry[0].changes[0].value.comment_id).toBe(ids[2]);
    expect(commentId.entry[0].changes[0].value).not.toHaveProperty('id');
  });

  test('put several accounts and comments, live ones among them, into one POST', async () => {
    const hook = await receiver();
    const { fake, account, user, comment } = await start({ webhookUrl: hook.url });
    const other = fake.addAccount({ username: 'other' });
    const [one, two] = [await comment(), await comment()];
    const elsewhere = await fake.comment({ account: other, user, text: 'x', announce: false });
    const live = await fake.comment({ account, user, text: 'x', live: true, announce: false });
    await fake.batch([two, elsewhere, one, two, live]);
    expect(hook.received).toHaveLength(1);
    const told = hook.received[0]!.json.entry.map((entry: Json) => [
      entry.id,
      entry.changes.map((change: Json) => [change.field, change.value.id]),
    ]);
    expect(told).toEqual([
      [
        account.id,
        [
          ['comments', two.id],
          ['comments', one.id],
          ['comments', two.id],
          ['live_comments', live.id],
        ],
      ],
      [other.id, [['comments', elsewhere.id]]],
    ]);
    await expect(fake.batch(Array.from({ length: 1001 }, () => one))).rejects.toThrow(RangeError);
  });

  test('are tried again with the same bytes until they are answered 200', async () => {
    const hook = await receiver(500, 202, 503);
    const { fake, account, user } = await start({ webhookUrl: hook.url, webhookRetryDelayMs: () => 5 });
    await fake.comment({ account, user, text: 'GUIDE' });
    expect(fake.webhookCounts.pending).toBe(1);
    await fake.settled();
    expect(hook.received).toHaveLength(4);
    expect(hook.received.every(({ raw }) => raw.equals(hook.received[0]!.raw))).toBe(true);
    expect(fake.webhookCounts).toEqual({ attempts: 4, acknowledged: 1, pending: 0 });
  });

  test('survive a receiver that is away and comes back elsewhere', async () => {
    const { fake, account, user } = await start({
      webhookUrl: 'http://127.0.0.1:1/hook',
      webhookRetryDelayMs: () => 5,
    });
    const comment = await fake.comment({ account, user, text: 'GUIDE' });
    const hook = await receiver();
    fake.webhookUrl = hook.url;
    await fake.settled();
    expect(hook.received.map(({ json }) => json.entry[0].changes[0].value.id)).toEqual([comment.id]);
  });

  test('repeat themselves: the same comment at another time, or the same bytes', async () => {
    const hook = await receiver();
    const { fake, account, user, pass } = await start({ webhookUrl: hook.url });
    const comment = await fake.comment({ account, user, text: 'GUIDE' });
    pass(5000);
    await fake.redeliver(comment);
    await fake.repeatLast();
    const [first, again, bytes] = hook.received;
    expect(again!.json.entry[0].changes).toEqual(first!.json.entry[0].changes);
    expect(again!.json.entry[0].time).toBe(first!.json.entry[0].time + 5);
    expect(bytes!.raw.equals(again!.raw)).toBe(true);
  });

  test('echo what was sent, with sender and recipient swapped, and announce public replies as own', async () => {
    const hook = await receiver();
    const { fake, account, graph, comment } = await start({ webhookUrl: hook.url });
    const target = await comment();
    const { recipient_id, message_id } = (
      await graph('POST', 'me/messages', privateReply(target, 'für dich'))
    ).json;
    await expect.poll(() => hook.received.length).toBe(1);
    expect(hook.received[0]!.json.entry[0]).toEqual({
      time: startedAt.getTime(),
      id: account.id,
      messaging: [
        {
          sender: { id: account.id },
          recipient: { id: recipient_id },
          timestamp: startedAt.getTime(),
          message: { mid: message_id, text: 'für dich', is_echo: true },
        },
      ],
    });
    await graph('POST', `${target.id}/replies`, { message: 'look into your inbox' });
    await expect.poll(() => hook.received.length).toBe(2);
    expect(hook.received[1]!.json.entry[0].changes[0]).toMatchObject({
      field: 'comments',
      value: {
        from: { id: account.id, self_ig_scoped_id: account.appScopedId },
        parent_id: target.id,
      },
    });
    await fake.settled();
  });

  test('echo a reply whose answer was lost', async () => {
    const hook = await receiver();
    const { fake, graph, comment } = await start({ webhookUrl: hook.url });
    fake.failNext({ type: 'accept_then_reset' });
    await graph('POST', 'me/messages', privateReply(await comment())).catch(() => undefined);
    await expect.poll(() => hook.received.length).toBe(1);
    expect(hook.received[0]!.json.entry[0].messaging[0].message.mid).toBe(fake.sent[0]!.id);
  });

  test('tell of messages and taps of people by their messaging id', async () => {
    const hook = await receiver();
    const { fake, account, user } = await start({ webhookUrl: hook.url, sendEchoes: false });
    await fake.userSends({ account, user, text: 'yes', quickReply: 'YES' });
    await fake.tap({ account, user, title: 'Send it', payload: 'send' });
    const [message, tap] = hook.received.map(({ json }) => json.entry[0].messaging[0]);
    expect(message).toMatchObject({
      sender: { id: fake.messagingIdOf(account, user) },
      recipient: { id: account.id },
      message: { text: 'yes', quick_reply: { payload: 'YES' } },
    });
    expect(message.message).not.toHaveProperty('is_echo');
    expect(tap.postback).toEqual({ mid: expect.any(String), title: 'Send it', payload: 'send' });
  });

  test('confirm the endpoint with a challenge that must come back raw', async () => {
    const hook = await receiver();
    const { fake } = await start({ webhookUrl: hook.url, verifyToken: 'verify' });
    expect(await fake.handshake()).toBe(true);
    expect(await fake.handshake({ verifyToken: 'guessed' })).toBe(false);
  });

  test('include the test delivery of the dashboard and any bytes', async () => {
    const hook = await receiver();
    const { fake } = await start({ webhookUrl: hook.url });
    await fake.deliver(fake.dashboardTestPayload('live_comments'));
    expect(hook.received[0]!.json.entry[0]).toMatchObject({
      id: '0',
      changes: [{ field: 'live_comments', value: { id: '123456789' } }],
    });
    await fake.deliverRaw('{ "spaced" : 1 }');
    expect(hook.received[1]!.raw.toString()).toBe('{ "spaced" : 1 }');
    expect(hook.received[1]!.headers['x-hub-signature-256']).toBe(
      `sha256=${hmac('sha256', '{ "spaced" : 1 }')}`,
    );
  });
});
