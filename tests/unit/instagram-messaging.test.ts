import { describe, expect, test } from 'vitest';
import { parseWebhook } from '../../src/platforms/instagram/parse.ts';
import type { PlatformEvent, QuietEvent } from '../../src/platforms/port.ts';

const account = '17841499900000001';
const sentAt = 1_763_812_345;
const dayMs = 24 * 60 * 60_000;

const frame = { sender: { id: '526000000000042' }, recipient: { id: account }, timestamp: sentAt * 1000 + 7 };

const entryOf = (content: object) => ({ id: account, time: sentAt * 1000, ...content });
const messaging = (item: unknown) => entryOf({ messaging: [item] });

function one(entry: unknown): PlatformEvent {
  const parsed = parseWebhook(Buffer.from(JSON.stringify({ object: 'instagram', entry: [entry] })));
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(parsed.events).toHaveLength(1);
  return parsed.events[0]!;
}

function oneMessaging(item: unknown): QuietEvent {
  return one(messaging(item)) as QuietEvent;
}

describe('a messaging item', () => {
  const message = { mid: 'mid-1', text: 'thanks!' };

  test('is stored as it came, with who, when and what', () => {
    const item = { ...frame, message };
    expect(oneMessaging(item)).toEqual({
      kind: 'message',
      accountExternalId: account,
      dedupeKey: 'message:mid-1',
      occurredAt: new Date(sentAt * 1000 + 7),
      externalId: 'mid-1',
      author: { externalId: '526000000000042', username: null },
      recipientId: account,
      windowEndsAt: new Date(sentAt * 1000 + dayMs),
      text: 'thanks!',
      payload: item,
    });
  });

  test.each([
    ['an echo', { message: { ...message, is_echo: true } }, 'echo', 'echo:mid-1'],
    ['a deletion', { message: { mid: 'mid-1', is_deleted: true } }, 'message_deleted', 'deleted:mid-1'],
    [
      'the deletion of an own message',
      { message: { mid: 'mid-1', is_deleted: true, is_echo: true } },
      'message_deleted',
      'deleted:mid-1',
    ],
    ['an edit', { message_edit: { mid: 'mid-1', text: 'y', num_edit: 2 } }, 'message_edit', 'edit:mid-1:2'],
    ['an edit counted in text', { message_edit: { mid: 'm', num_edit: '3' } }, 'message_edit', 'edit:m:3'],
    [
      'a button tap',
      { postback: { mid: 'mid-2', title: 'Get it', payload: 'P' } },
      'postback',
      'postback:mid-2',
    ],
    [
      'a reaction',
      { reaction: { mid: 'mid-1', action: 'react', reaction: 'love' } },
      'reaction',
      `reaction:mid-1:526000000000042:react:${sentAt * 1000 + 7}`,
    ],
    ['a read', { read: { mid: 'mid-1' } }, 'read', 'read:mid-1:526000000000042'],
    ['a quick reply', { message: { ...message, quick_reply: { payload: 'P' } } }, 'message', 'message:mid-1'],
    [
      'a story mention',
      { message: { mid: 'mid-3', attachments: [{ type: 'story_mention', payload: { url: 'u' } }] } },
      'message',
      'message:mid-3',
    ],
    [
      'a story reply',
      { message: { ...message, reply_to: { story: { id: '1' } } } },
      'message',
      'message:mid-1',
    ],
    ['a note to oneself', { message: { ...message, is_echo: true, is_self: true } }, 'echo', 'echo:mid-1'],
  ])('that is %s is told apart', (_what, subject, kind, dedupeKey) => {
    expect(oneMessaging({ ...frame, ...subject })).toMatchObject({ kind, dedupeKey });
  });

  test('without an id of its own is known by its whole content', () => {
    const referral = {
      ...frame,
      referral: { ref: 'flyer', source: 'IGME-SOURCE-LINK', type: 'OPEN_THREAD' },
    };
    const key = oneMessaging(referral).dedupeKey;
    expect(key).toMatch(/^referral:[0-9a-f]{32}$/);
    expect(oneMessaging({ referral: referral.referral, ...frame }).dedupeKey).toBe(key);
    expect(oneMessaging({ ...referral, timestamp: frame.timestamp + 1 }).dedupeKey).not.toBe(key);
    expect(oneMessaging({ ...frame, postback: { payload: 'P' } }).dedupeKey).toMatch(
      /^postback:[0-9a-f]{32}$/,
    );
  });

  test('of a dashboard test comes as a change, in seconds and without an id', () => {
    const value = {
      sender: { id: '1' },
      recipient: { id: '2' },
      timestamp: `${sentAt}`,
      message: { text: 't' },
    };
    expect(one(entryOf({ changes: [{ field: 'messages', value }] }))).toMatchObject({
      kind: 'message',
      occurredAt: new Date(sentAt * 1000),
      text: 't',
      externalId: null,
    });
  });

  test('in standby is remembered as such, apart from the same message outside', () => {
    const standby = (item: unknown) => one(entryOf({ standby: [item] }));
    expect(standby({ ...frame, message })).toMatchObject({
      kind: 'standby',
      dedupeKey: 'standby:message:mid-1',
      author: { externalId: '526000000000042' },
      text: 'thanks!',
    });
    expect(standby({ ...frame, novelty: 1 })).toMatchObject({ kind: 'standby', externalId: null });
    expect(standby('x')).toMatchObject({ kind: 'unreadable' });
  });

  test('on a subject that nobody knows is unsupported, and one without a subject unreadable', () => {
    expect(one(messaging({ ...frame, optin: { ref: 'r' } }))).toMatchObject({
      kind: 'unsupported',
      reason: 'messaging item "optin" is not one that Fairdrop reads',
    });
    expect(one(messaging(frame)).kind).toBe('unreadable');
    expect(one(messaging({ ...frame, read: {} })).kind).toBe('unreadable');
    expect(one(messaging({ ...frame, message: { mid: {} } })).kind).toBe('unreadable');
    expect(one(messaging(17)).kind).toBe('unreadable');
  });

  test('that is large is stored by its beginning only', () => {
    const event = oneMessaging({ ...frame, message: { mid: 'm', text: 'é'.repeat(9000) } });
    const { truncated, head } = event.payload as { truncated: boolean; head: string };
    expect(truncated).toBe(true);
    expect(Buffer.byteLength(head)).toBeLessThan(4100);
    expect(head).toContain('526000000000042');
  });

  test('is stored without what Postgres refuses', () => {
    const event = oneMessaging({
      ...frame,
      message: { mid: 'm', 'k\0': ['\ud800', { a: 'x\0' }], fine: '\\u0000' },
    });
    expect(event.payload).toEqual({
      ...frame,
      message: { mid: 'm', 'k\ufffd': ['\ufffd', { a: 'x\ufffd' }], fine: '\\u0000' },
    });
  });
});
