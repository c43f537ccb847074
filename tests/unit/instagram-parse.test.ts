import { describe, expect, test } from 'vitest';
import { parseWebhook } from '../../src/platforms/instagram/parse.ts';
import type { CommentEvent, PlatformEvent } from '../../src/platforms/port.ts';

const account = '17841499900000001';
const sentAt = 1_763_812_345;

function eventsOf(body: unknown): PlatformEvent[] {
  const parsed = parseWebhook(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.events;
}

function reasonOf(bytes: string | Buffer): string {
  const parsed = parseWebhook(Buffer.from(bytes));
  if (parsed.ok) throw new Error('was read');
  return parsed.reason;
}

const webhook = (...entry: unknown[]) => ({ object: 'instagram', entry });
const changes = (...items: unknown[]) => webhook({ id: account, time: sentAt, changes: items });
const comments = (...values: unknown[]) => changes(...values.map((value) => ({ field: 'comments', value })));

const comment = {
  id: '17900000000000077',
  from: { id: '526000000000042', username: 'Paul.A' },
  text: 'guide please',
  media: { id: '18000000000000033', media_product_type: 'REELS' },
};
const frame = { sender: { id: '526000000000042' }, recipient: { id: account }, timestamp: sentAt * 1000 + 7 };

function one(body: unknown): PlatformEvent {
  const events = eventsOf(body);
  expect(events).toHaveLength(1);
  return events[0]!;
}

function oneComment(value: unknown): CommentEvent {
  const event = one(comments(value));
  if (event.kind !== 'comment') throw new Error(`${event.kind} instead of a comment`);
  return event;
}

describe('a comment', () => {
  test('is read with everything that the reference page names', () => {
    expect(one(comments({ ...comment, parent_id: '17900000000000070' }))).toEqual({
      kind: 'comment',
      accountExternalId: account,
      dedupeKey: 'comment:17900000000000077',
      occurredAt: new Date(sentAt * 1000),
      commentId: '17900000000000077',
      parentId: '17900000000000070',
      mediaId: '18000000000000033',
      author: { externalId: '526000000000042', username: 'Paul.A' },
      own: false,
      text: 'guide please',
      live: false,
    });
  });

  test.each([
    [
      'in changes[]',
      webhook({ id: account, time: sentAt, changes: [{ field: 'comments', value: comment }] }),
    ],
    ['flat in the entry', webhook({ id: account, time: sentAt, field: 'comments', value: comment })],
    [
      'inside a top-level array',
      [webhook({ id: account, time: sentAt, changes: [{ field: 'comments', value: comment }] })],
    ],
    ['with its id as comment_id', comments({ ...comment, id: undefined, comment_id: comment.id })],
    ['with fields that nobody knows', comments({ ...comment, sparkles: { a: [1] } })],
  ])('is the same %s', (_how, body) => {
    expect(eventsOf(body)).toEqual(eventsOf(comments(comment)));
  });

  test('under a live video is one with the same comment told as an ordinary one', () => {
    const [ordinary, live] = eventsOf(
      changes({ field: 'comments', value: comment }, { field: 'live_comments', value: comment }),
    );
    expect(live).toEqual({ ...ordinary, live: true });
  });

  test('of the dashboard test, without author and media, is read for account 0', () => {
    const event = one(
      webhook({ id: '0', time: sentAt, changes: [{ field: 'comments', value: { id: '5', text: 'x' } }] }),
    );
    expect(event).toMatchObject({
      kind: 'comment',
      accountExternalId: '0',
      author: null,
      mediaId: null,
      own: false,
    });
  });

  test('whose author has only a name is by that name', () => {
    expect(oneComment({ ...comment, from: { username: 'Paul.A' } }).author).toEqual({
      externalId: '@paul.a',
      username: 'Paul.A',
    });
    expect(oneComment({ ...comment, from: {} }).author).toBeNull();
    expect(oneComment({ ...comment, from: 'Paul' }).author).toBeNull();
  });

  test('is own by its scoped id or by the id of the account', () => {
    expect(oneComment({ ...comment, from: { ...comment.from, self_ig_scoped_id: '99' } }).own).toBe(true);
    expect(oneComment({ ...comment, from: { id: account } }).own).toBe(true);
    expect(oneComment(comment).own).toBe(false);
  });

  test('is own also where ids come as numbers beyond 2^53', () => {
    const [event] = eventsOf(
      `{"object":"instagram","entry":[{"id":17841499900000001,"time":${sentAt},"changes":[{"field":"comments","value":{"id":17900000000000079,"from":{"id":17841499900000001},"media":{"id":12}}}]}]}`,
    );
    expect(event).toMatchObject({
      accountExternalId: '17841499900000001',
      commentId: '17900000000000079',
      mediaId: '12',
      own: true,
    });
  });

  test('that names its post as its parent is on the post', () => {
    expect(oneComment({ ...comment, parent_id: comment.media.id }).parentId).toBeNull();
  });

  test('without a text has an empty one', () => {
    expect(oneComment({ ...comment, text: undefined }).text).toBe('');
    expect(oneComment({ ...comment, text: null }).text).toBe('');
  });

  test('never carries what Postgres cannot store', () => {
    const event = oneComment({
      ...comment,
      id: 'a\0b',
      from: { id: '1\0', username: 'x\ud800' },
      text: '\0 \ud83d guide \ud83d\ude0d',
    });
    expect(event.text).toBe('\ufffd \ufffd guide \ud83d\ude0d');
    expect(event.dedupeKey).toBe('comment:a\ufffdb');
    expect(event.author).toEqual({ externalId: '1\ufffd', username: 'x\ufffd' });
  });

  test.each([
    [sentAt, sentAt * 1000],
    [String(sentAt), sentAt * 1000],
    [sentAt * 1000 + 5, sentAt * 1000 + 5],
    ['2025-11-22T11:52:25+0000', sentAt * 1000],
    ['2025-11-22T12:52:25+01:00', sentAt * 1000],
    ['2025-11-22T11:52:25Z', sentAt * 1000],
    [0, null],
    [-1, null],
    [12, null],
    [9e15, null],
    ['soon', null],
    ['<TIME_META_SENT_THIS_NOTIFICATION>', null],
    ['2025-13-40T99:00:00Z', null],
    [{}, null],
    [undefined, null],
  ])('of an entry with time %j happened at %j', (time, expected) => {
    const event = one(webhook({ id: account, time, changes: [{ field: 'comments', value: comment }] }));
    expect(event.kind).toBe('comment');
    expect(event.occurredAt?.getTime() ?? null).toBe(expected);
  });

  test.each([
    ['has no id', { ...comment, id: undefined }, 'The comment has no usable id.'],
    ['has an empty id', { ...comment, id: '' }, 'The comment has no usable id.'],
    ['has an object for an id', { ...comment, id: { a: 1 } }, 'The comment has no usable id.'],
    ['has a fraction for an id', { ...comment, id: 1.5 }, 'The comment has no usable id.'],
    ['has an endless id', { ...comment, id: '1'.repeat(501) }, 'The comment has no usable id.'],
    [
      'has an id that fills its key',
      { ...comment, id: '1'.repeat(399) },
      'The id of the comment is too long.',
    ],
    ['has a list for a text', { ...comment, text: ['guide'] }, 'The text of the comment is not a text.'],
    ['is null', null, 'The comment has no value.'],
  ])('that %s is unreadable, with its reason', (_what, value, reason) => {
    expect(one(comments(value))).toMatchObject({ kind: 'unreadable', accountExternalId: account, reason });
  });
});

describe('a mention', () => {
  test('is known by its comment, or by its post', () => {
    const event = one(changes({ field: 'mentions', value: { comment_id: '61', media_id: '62' } }));
    expect(event).toEqual({
      kind: 'mention',
      accountExternalId: account,
      dedupeKey: 'mention:61',
      occurredAt: new Date(sentAt * 1000),
      externalId: '61',
      author: null,
      recipientId: null,
      windowEndsAt: null,
      text: null,
      payload: { field: 'mentions', value: { comment_id: '61', media_id: '62' } },
    });
    expect(one(changes({ field: 'mentions', value: { media_id: 62 } })).dedupeKey).toBe('mention:62');
    expect(one(changes({ field: 'mentions', value: {} })).kind).toBe('unreadable');
  });
});

describe('a batch', () => {
  test('with several accounts, shapes and rotten parts gives everything that can be read', () => {
    const events = eventsOf([
      webhook(
        {
          id: account,
          time: sentAt,
          changes: [
            { field: 'comments', value: comment },
            null,
            { value: 1 },
            { field: 'story_insights', value: {} },
          ],
          field: 'comments',
          value: { ...comment, id: '2' },
          messaging: [{ ...frame, message: { mid: 'm' } }, []],
          standby: { not: 'a list' },
        },
        'rubbish',
        { time: sentAt, changes: [] },
        { id: 'other', changes: 'rubbish' },
        { id: 'other', time: sentAt },
        { id: 'third', changes: [{ field: 'live_comments', value: { ...comment, id: 3 } }] },
      ),
      42,
    ]);
    expect(events.map((event) => [event.accountExternalId, event.kind])).toEqual([
      [account, 'comment'],
      [account, 'unreadable'],
      [account, 'unreadable'],
      [account, 'unsupported'],
      [account, 'comment'],
      [account, 'message'],
      [account, 'unreadable'],
      [account, 'unreadable'],
      ['', 'unreadable'],
      ['', 'unreadable'],
      ['other', 'unreadable'],
      ['other', 'unreadable'],
      ['third', 'comment'],
      ['', 'unreadable'],
    ]);
  });

  test('of thousands is read whole and in order', () => {
    const values = Array.from({ length: 5000 }, (_, i) => ({ ...comment, id: `${i}` }));
    const events = eventsOf(comments(...values)) as CommentEvent[];
    expect(events.map((event) => event.commentId)).toEqual(values.map((value) => value.id));
  });

  test('without any entries tells nothing', () => {
    expect(eventsOf(webhook())).toEqual([]);
  });

  test('has the same keys when it is repeated with its fields in another order', () => {
    const item = { field: 'story_insights', value: { reach: 4, taps: [1, 2] } };
    const again = { value: { taps: [1, 2], reach: 4 }, field: 'story_insights' };
    const [first, second] = eventsOf(changes(item, again));
    expect(first?.dedupeKey).toMatch(/^unsupported:[0-9a-f]{32}$/);
    expect(second?.dedupeKey).toBe(first?.dedupeKey);
    expect(first).toMatchObject({
      reason: 'field "story_insights" is not one that Fairdrop reads',
      payload: item,
    });
  });
});

describe('a body', () => {
  test.each([
    ['{}', 'unreadable'],
    ['42', 'unreadable'],
    ['null', 'unreadable'],
    ['"text"', 'unreadable'],
    ['[]', 'unreadable'],
    ['{"entry":[]}', 'unreadable'],
    ['{"object":"instagram"}', 'unreadable'],
    ['{"object":"instagram","entry":{}}', 'unreadable'],
    ['{"object":"page","entry":[]}', 'unsupported'],
    ['\ufeff{}', 'unreadable'],
  ])('that is JSON but no envelope, %s, is one %s event of no account', (body, kind) => {
    expect(one(body)).toMatchObject({ kind, accountExternalId: '' });
  });

  test('that is not JSON, not UTF-8 or endlessly nested is refused in words that quote nothing of it', () => {
    expect(reasonOf('')).toBe('The body is not JSON.');
    expect(reasonOf('{"text":"secret"')).toBe('The body is not JSON.');
    expect(reasonOf('{"text":"unterminated \\')).toBe('The body is not JSON.');
    expect(reasonOf(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toBe('The body is not UTF-8.');
    expect(reasonOf('['.repeat(65) + ']'.repeat(65))).toBe('The body is nested deeper than 64 levels.');
    expect(reasonOf('['.repeat(2_000_000))).toBe('The body is nested deeper than 64 levels.');
  });

  test('may hold any number of brackets and quotes inside its texts', () => {
    const text = '[{"\\'.repeat(500);
    expect(oneComment({ ...comment, text }).text).toBe(text);
    expect(eventsOf('['.repeat(64) + ']'.repeat(64))).toHaveLength(1);
  });
});
