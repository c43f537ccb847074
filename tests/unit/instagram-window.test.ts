import { describe, expect, test } from 'vitest';
import { parseWebhook } from '../../src/platforms/instagram/parse.ts';
import type { QuietEvent } from '../../src/platforms/port.ts';

const account = '17841499900000001';
const person = '526000000000042';
const hourMs = 60 * 60_000;
const at = Date.UTC(2026, 2, 10, 12);
const frame = { sender: { id: person }, recipient: { id: account }, timestamp: at };
const adReferral = { source: 'ADS', type: 'OPEN_THREAD', ad_id: '120200000000000001' };

function read(item: object, list = 'messaging', time: unknown = at + 900): QuietEvent {
  const body = { object: 'instagram', entry: [{ id: account, time, [list]: [item] }] };
  const parsed = parseWebhook(Buffer.from(JSON.stringify(body)));
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(parsed.events).toHaveLength(1);
  return parsed.events[0] as QuietEvent;
}

describe('a conversation is open', () => {
  const hours = ({ windowEndsAt }: QuietEvent) =>
    windowEndsAt === null ? null : (windowEndsAt.getTime() - at) / hourMs;

  test.each<[string, object, number]>([
    ['a message', { message: { mid: 'm', text: 'hi' } }, 24],
    ['a quick reply', { message: { mid: 'm', text: 'Yes', quick_reply: { payload: 'P' } } }, 24],
    ['a story reply', { message: { mid: 'm', text: 'x', reply_to: { story: { id: '1' } } } }, 24],
    ['a picture', { message: { mid: 'm', attachments: [{ type: 'image' }] } }, 24],
    ['a tap on a button', { postback: { mid: 'm', title: 'Get it', payload: 'P' } }, 24],
    ['a message after an ad', { message: { mid: 'm', text: 'hi', referral: adReferral } }, 7 * 24],
    [
      'a message that names an ad only',
      { message: { mid: 'm', referral: { ad_id: 120200000000001 } } },
      7 * 24,
    ],
    ['a message after a link', { message: { mid: 'm', referral: { source: 'SHORTLINK', ref: 'x' } } }, 24],
  ])('after %s', (_what, subject, expected) => {
    expect(hours(read({ ...frame, ...subject }))).toBe(expected);
  });

  test.each<[string, object]>([
    ['an echo', { message: { mid: 'm', text: 'hi', is_echo: true } }],
    ['an echo about an ad', { message: { mid: 'm', is_echo: true, referral: adReferral } }],
    ['a deletion', { message: { mid: 'm', is_deleted: true } }],
    ['an edit', { message_edit: { mid: 'm', text: 'y', num_edit: 1 } }],
    ['a reaction', { reaction: { mid: 'm', action: 'react', emoji: '❤' } }],
    ['a read', { read: { mid: 'm' } }],
    ['a click on a link', { referral: { ref: 'x', source: 'SHORTLINK', type: 'OPEN_THREAD' } }],
    ['a click on an ad', { referral: adReferral }],
    [
      'the account tapping its own button',
      { is_self: true, postback: { mid: 'm', title: 'x', payload: 'P' } },
    ],
    ['the account writing to itself', { message: { mid: 'm', text: 'x', is_self: true } }],
    ['a message from the account', { sender: { id: account }, message: { mid: 'm', text: 'x' } }],
    ['a message from nobody', { sender: {}, message: { mid: 'm', text: 'x' } }],
    ['a message without a time', { timestamp: null, message: { mid: 'm', text: 'x' } }],
    ['a message at a nonsensical time', { timestamp: 'soon', message: { mid: 'm', text: 'x' } }],
  ])('not by %s', (_what, subject) => {
    expect(read({ ...frame, ...subject }).windowEndsAt).toBeNull();
  });

  test('not by what another app is dealing with', () => {
    const event = read({ ...frame, message: { mid: 'm', text: 'x' } }, 'standby');
    expect(event).toMatchObject({ kind: 'standby', windowEndsAt: null, recipientId: account });
  });

  test('no longer than from when it was told, should the message be from the future', () => {
    const event = read({ ...frame, timestamp: at + 400 * hourMs, message: { mid: 'm', text: 'x' } });
    expect(event.windowEndsAt).toEqual(new Date(at + 900 + 24 * hourMs));
  });

  test('from the message on, however late it is told', () => {
    const event = read({ ...frame, message: { mid: 'm', text: 'x' } }, 'messaging', at + 36 * hourMs);
    expect(hours(event)).toBe(24);
    expect(hours(read({ ...frame, message: { mid: 'm', text: 'x' } }, 'messaging', undefined))).toBe(24);
  });
});

describe('whom an item was written to', () => {
  test('is the person for an echo, and the account for what the person does', () => {
    const echo = { sender: { id: account }, recipient: { id: person }, timestamp: at };
    expect(read({ ...echo, message: { mid: 'm', text: 'x', is_echo: true } }).recipientId).toBe(person);
    expect(read({ ...frame, message: { mid: 'm', text: 'x' } }).recipientId).toBe(account);
    expect(read({ ...frame, recipient: undefined, read: { mid: 'm' } }).recipientId).toBeNull();
    expect(read({ ...frame, recipient: { id: {} }, read: { mid: 'm' } }).recipientId).toBeNull();
  });
});
