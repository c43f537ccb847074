import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseWebhook, readerFailed } from '../../src/platforms/instagram/parse.ts';
import type { ParsedWebhook, PlatformEvent } from '../../src/platforms/port.ts';

const account = '17841499900000001';

/** What must hold of every answer, whatever came in. */
function expectSound(parsed: ParsedWebhook): PlatformEvent[] {
  if (!parsed.ok) {
    expect(parsed.reason).toMatch(/^The body is /);
    return [];
  }
  for (const event of parsed.events) {
    expect(event.dedupeKey.length).toBeLessThanOrEqual(500);
    expect(event.dedupeKey).toMatch(/^[a-z]+:/);
    if ('reason' in event) expect(event.reason).not.toBe(readerFailed);
    if (event.occurredAt !== null) expect(event.occurredAt.getTime()).not.toBeNaN();
    // What JSON escapes these ways, Postgres refuses.
    expect(JSON.stringify(event)).not.toMatch(/(?<!\\)(\\\\)*\\u(0000|d[89a-f])/);
  }
  return parsed.events;
}

const parse = (text: string) => expectSound(parseWebhook(Buffer.from(text)));

/** Any JSON, with strings of any UTF-16 and with the names that the readers look for. */
const names = fc.constantFrom(
  ...[
    'object',
    'entry',
    'id',
    'time',
    'changes',
    'field',
    'value',
    'messaging',
    'standby',
    'from',
    'text',
    'media',
  ],
  ...[
    'sender',
    'message',
    'mid',
    'postback',
    'reaction',
    'read',
    'comment_id',
    'parent_id',
    '__proto__',
    'toString',
  ],
);
const scalars = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('instagram', 'comments', 'mentions', 'messages', '\0', '\ud800', 'x'.repeat(600)),
  fc.integer(),
  fc.bigInt({ min: 0n, max: 10n ** 20n }).map((n) => `bare ${n}`),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
);
const json = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 8, withCrossShrink: true }, scalars, tie('list'), tie('record')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  record: fc.dictionary(fc.oneof(names, fc.string()), tie('value'), { maxKeys: 5 }),
})).value;

/** `"bare 123"` becomes a bare number of any size, which `JSON.stringify` cannot write. */
const write = (value: unknown) => JSON.stringify(value).replace(/"bare (\d+)"/g, '$1');

const text = fc.string({ unit: 'grapheme' });
const comment = fc.record({
  id: fc.bigInt({ min: 1n, max: 10n ** 18n }).map(String),
  from: fc.record({ id: fc.bigInt({ min: 1n, max: 10n ** 18n }).map(String), username: text }),
  text,
  media: fc.record({ id: fc.bigInt({ min: 1n, max: 10n ** 18n }).map(String) }),
});

const webhook = (entry: unknown[]) => ({ object: 'instagram', entry });

describe('parsing', () => {
  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expectSound(parseWebhook(Buffer.from(bytes)));
      }),
      { numRuns: 2000 },
    );
  });

  test('never throws, whatever the JSON, and loses none of it', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(parseWebhook(Buffer.from(write(value))).ok).toBe(true);
        // Only an envelope with an empty list of entries tells nothing.
        if (parse(write(value)).length === 0) expect(write(value)).toContain('"entry":[]');
      }),
      { numRuns: 2000 },
    );
  });

  test('never throws, whatever takes the place of an entry, a change or a messaging item', () => {
    fc.assert(
      fc.property(json, json, json, json, (entry, change, value, item) => {
        const rest = { id: account, time: 1_763_800_000 };
        const changes = [
          change,
          { field: 'comments', value },
          { field: 'mentions', value },
          { field: 'messages', value },
        ];
        parse(
          write(
            webhook([entry, { ...rest, changes, messaging: [item, { message: value }], standby: [item] }]),
          ),
        );
      }),
      { numRuns: 2000 },
    );
  });

  test('never throws on a valid body that was damaged on the way', () => {
    const valid = fc
      .array(comment, { maxLength: 3 })
      .map((values) =>
        Buffer.from(
          JSON.stringify(
            webhook([{ id: account, changes: values.map((value) => ({ field: 'comments', value })) }]),
          ),
        ),
      );
    fc.assert(
      fc.property(
        valid,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (body, hits) => {
          for (const [place, byte] of hits) body[place % body.length] = byte;
          expectSound(parseWebhook(body));
          expectSound(parseWebhook(body.subarray(0, hits[0]![0] % body.length)));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('gives every comment of a batch, exactly and in order, whatever its neighbours are', () => {
    const isNoComment = (value: unknown) => !JSON.stringify(value).includes('comments');
    const garbage = json.filter(isNoComment);
    const entryOf = fc.tuple(fc.array(fc.tuple(garbage, comment)), garbage, fc.boolean());
    fc.assert(
      fc.property(fc.array(entryOf), garbage, (entries, debris) => {
        const body = entries.flatMap(([items, rubbish, damaged], i) => [
          {
            id: `account-${i}`,
            time: rubbish,
            changes: items.flatMap(([junk, value]) => [junk, { field: 'comments', value }]),
            ...(damaged ? { standby: rubbish, messaging: rubbish } : {}),
          },
          debris,
        ]);
        const comments = parse(write(webhook(body))).filter((event) => event.kind === 'comment');
        const sent = entries.flatMap(([items], i) =>
          items.map(([, value]) => ({ account: `account-${i}`, value })),
        );
        expect(comments.map((event) => [event.accountExternalId, event.commentId, event.text])).toEqual(
          sent.map(({ account: id, value }) => [
            id,
            value.id,
            value.text.toWellFormed().replaceAll('\0', '\ufffd'),
          ]),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('keeps every id exactly, written as text or as a bare number of any size', () => {
    const digits = fc.bigInt({ min: 1n, max: 10n ** 30n }).map(String);
    fc.assert(
      fc.property(digits, digits, digits, (comment, author, media) => {
        const body = (q: string) =>
          `{"object":"instagram","entry":[{"id":${q}${account}${q},"changes":[{"field":"comments","value":{"id":${q}${comment}${q},"from":{"id":${q}${author}${q}},"media":{"id":${q}${media}${q}}}}]}]}`;
        const [bare] = parse(body(''));
        expect(bare).toMatchObject({
          accountExternalId: account,
          commentId: comment,
          author: { externalId: author },
          mediaId: media,
        });
        expect(parse(body('"'))).toEqual([bare]);
      }),
    );
  });

  test('gives a body told twice the same keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        const keys = () => parse(write(webhook([{ id: account, changes: [value], messaging: [value] }])));
        expect(keys()).toEqual(keys());
      }),
    );
  });
});
