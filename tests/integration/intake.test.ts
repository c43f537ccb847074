import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAccountLookup } from '../../src/intake/accounts.ts';
import { createIntake, type Intake } from '../../src/intake/intake.ts';
import type { PlatformEvent } from '../../src/platforms/port.ts';
import { aComment, scriptedPlatform } from '../support/platform.ts';
import { type Seeded, seed } from '../support/seed.ts';
import { createDatabase, type TestDatabase } from '../support/services.ts';

const platform = scriptedPlatform(() => ({ kind: 'sent', externalId: 'm', recipientId: null, restMs: 0 }));

let database: TestDatabase;
let seeded: Seeded;
let woken: string[];
let unstorable: unknown[];
let intake: Intake;

beforeAll(async () => {
  database = await createDatabase();
  seeded = await seed(database.url, { publicReplies: [{ text: 'Sent!', weight: 1 }] });
  woken = [];
  unstorable = [];
  intake = createIntake({ ...parts(), onUnstorable: (error) => unstorable.push(error) });
});

function parts(): Parameters<typeof createIntake>[0] {
  return {
    pool: seeded.pool,
    wake: (ids) => woken.push(...ids),
    now: () => new Date(),
    random: Math.random,
    onUnstorable: expect.fail,
  };
}

afterAll(async () => {
  await seeded.close();
  await database.drop();
});

async function stored(event: PlatformEvent) {
  const { rows } = await seeded.pool.query(
    `select e.*, d.id as delivery_id, d.keyword,
            (select json_agg(m order by m.kind) from messages m where m.delivery_id = d.id) as messages,
            (select json_agg(l.kind order by l.id) from ledger_entries l where l.event_id = e.id) as ledger
     from events e left join deliveries d on d.event_id = e.id
     where e.account_external_id = $1 and e.dedupe_key = $2`,
    [event.accountExternalId, event.dedupeKey],
  );
  expect(rows).toHaveLength(1);
  return rows[0];
}

const mine = (given: Parameters<typeof aComment>[1] = {}) => aComment(seeded.accountExternalId, given);

describe('a comment that matches', () => {
  it('leaves event, contact, delivery, messages and ledger entries in one commit, and wakes the private reply only', async () => {
    const comment = mine();
    expect(await intake.receive(platform, [comment])).toEqual({ matched: 1, skipped: 0, repeated: 0 });
    const row = await stored(comment);
    expect(row).toMatchObject({
      outcome: 'matched',
      reason: 'trigger_matched',
      keyword: 'guide',
      times_received: 1,
    });
    expect(row.contact_id).not.toBeNull();
    expect(row.ledger).toEqual(['comment.matched', 'payment.made']);
    expect(row.messages).toMatchObject([
      {
        kind: 'private_reply',
        state: 'queued',
        text: 'Here it is: https://x.example/g',
        target_id: comment.commentId,
      },
      { kind: 'public_reply', state: 'held', text: 'Sent!' },
    ]);
    expect(woken).toContain(row.messages[0].id);
    expect(woken).not.toContain(row.messages[1].id);
  });

  it('is served once, however often and however concurrently it is told', async () => {
    const comment = mine();
    const receipts = await Promise.all(
      Array.from({ length: 40 }, () => intake.receive(platform, [comment, { ...comment }])),
    );
    expect(receipts.reduce((sum, receipt) => sum + receipt.matched, 0)).toBe(1);
    expect(receipts.reduce((sum, receipt) => sum + receipt.repeated, 0)).toBe(79);
    const row = await stored(comment);
    expect(row.times_received).toBe(80);
    expect(row.messages).toHaveLength(2);
    expect(row.ledger).toHaveLength(2);
  });

  it('is served once when several processes are told at the same time', async () => {
    const others = Array.from({ length: 3 }, () =>
      createIntake({
        pool: seeded.pool,
        wake: () => {},
        now: () => new Date(),
        random: Math.random,
        onUnstorable: expect.fail,
      }),
    );
    const comments = Array.from({ length: 30 }, () => mine());
    const receipts = await Promise.all(
      others.flatMap((other, index) => {
        const order = index % 2 ? comments : comments.toReversed();
        return order.map((comment) => other.receive(platform, [comment]));
      }),
    );
    expect(receipts.filter((receipt) => receipt.matched === 1)).toHaveLength(30);
    for (const comment of comments) expect((await stored(comment)).times_received).toBe(3);
  });
});

describe('the reason of an event that is skipped', () => {
  const cases: [string, () => PlatformEvent][] = [
    ['keyword_absent', () => mine({ text: 'lovely' })],
    ['own_comment', () => mine({ own: true })],
    ['own_comment', () => mine({ author: { externalId: '@studio', username: 'Studio' } })],
    ['author_unknown', () => mine({ author: null })],
    ['replies_not_wanted', () => mine({ parentId: '179' })],
    ['unknown_account', () => aComment('17841400009999999')],
    ['echo', () => ({ ...quiet(), kind: 'echo', dedupeKey: 'echo:1' })],
    ['not_a_comment', () => ({ ...quiet(), kind: 'read', dedupeKey: 'read:1' })],
    ['unsupported', () => strange('unsupported')],
    ['unreadable', () => strange('unreadable')],
  ];

  function quiet() {
    const { accountExternalId } = seeded;
    return {
      accountExternalId,
      occurredAt: null,
      externalId: 'mid',
      author: null,
      recipientId: null,
      windowEndsAt: null,
      text: 'hi',
      payload: { a: 1 },
    };
  }

  function strange(kind: 'unsupported' | 'unreadable'): PlatformEvent {
    const { accountExternalId } = seeded;
    return { kind, accountExternalId, dedupeKey: `${kind}:1`, occurredAt: null, reason: 'odd', payload: [1] };
  }

  it.each(cases)('is %s', async (reason, make) => {
    const event = make();
    expect(await intake.receive(platform, [event])).toEqual({ matched: 0, skipped: 1, repeated: 0 });
    expect(await stored(event)).toMatchObject({
      outcome: 'skipped',
      reason,
      delivery_id: null,
      ledger: null,
    });
  });
});

describe('an event that the database refuses', () => {
  it('is kept as unreadable, is reported, and spoils none of its neighbours', async () => {
    // Postgres stores no NUL. An adapter replaces them; this is about one that forgets.
    const bad = mine({ text: 'GUIDE \0' });
    const good = Array.from({ length: 6 }, () => mine());
    const receipts = await Promise.all(
      [...good.slice(0, 3), bad, ...good.slice(3)].map((event) => intake.receive(platform, [event])),
    );
    expect(receipts.map((receipt) => receipt.matched)).toEqual([1, 1, 1, 0, 1, 1, 1]);
    const { rows } = await seeded.pool.query("select * from events where dedupe_key like 'unstorable:%'");
    expect(rows).toMatchObject([
      { kind: 'unreadable', outcome: 'skipped', text: null, account_id: seeded.accountId },
    ]);
    expect(unstorable).toHaveLength(1);
  });
});

describe('a changed trigger', () => {
  it('counts for the very next comment, and the event remembers under which revision it was matched', async () => {
    const before = mine();
    await intake.receive(platform, [before]);
    await seeded.pool.query(
      `insert into trigger_versions (trigger_id, version, account_id, revision, resource_id, name, state, priority, definition)
       select trigger_id, 2, account_id, 1, resource_id, name, 'paused', priority, definition
       from trigger_versions where trigger_id = $1`,
      [seeded.triggerId],
    );
    await seeded.pool.query('update triggers set version = 2 where id = $1', [seeded.triggerId]);
    await seeded.pool.query('update accounts set trigger_revision = 1 where id = $1', [seeded.accountId]);
    const after = mine();
    await intake.receive(platform, [after]);
    expect(await stored(before)).toMatchObject({ outcome: 'matched', trigger_revision: 0 });
    expect(await stored(after)).toMatchObject({
      outcome: 'skipped',
      reason: 'no_trigger',
      trigger_revision: 1,
    });
  });
});

describe('an error that is not the fault of the event', () => {
  it.each([
    [
      'the connection broke while it was written to',
      Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }),
    ],
    ['the server is a read-only standby', serverError('25006')],
    ['the server is shutting down', serverError('57P01')],
    ['the statement lost against others again and again', serverError('40P01')],
  ])('makes receiving fail, and the event is whole when it comes again: %s', async (_why, error) => {
    const { pool, unstorable: reported, breakWith } = fragile();
    const shaky = createIntake({ ...parts(), pool, onUnstorable: (cause) => reported.push(cause) });
    const comment = mine();
    breakWith(error);
    await expect(shaky.receive(platform, [comment])).rejects.toThrow();
    breakWith(null);
    await shaky.receive(platform, [comment]);
    expect(await stored(comment)).toMatchObject({ kind: 'comment', text: comment.text });
    expect(reported).toEqual([]);
  });

  function serverError(code: string): Error {
    return Object.assign(new pg.DatabaseError('refused', 7, 'error'), { code });
  }

  function fragile() {
    let error: Error | null = null;
    const pool = new Proxy(seeded.pool, {
      get(target, property) {
        if (property !== 'query') return Reflect.get(target, property);
        return (query: { name: string }) =>
          error && query.name === 'intake-insert-events'
            ? Promise.reject(error)
            : target.query(query as never);
      },
    });
    return {
      pool,
      unstorable: [] as unknown[],
      breakWith: (given: Error | null) => {
        error = given;
      },
    };
  }
});

describe('more accounts than are kept in memory', () => {
  it('are all known, also those that one flush has to evict', async () => {
    const others = await Promise.all([seed(database.url), seed(database.url)]);
    const lookup = createAccountLookup(seeded.pool, 1);
    const ids = [seeded, ...others].map(({ accountExternalId }) => accountExternalId);
    await lookup.find('instagram', [ids[0] as string]);
    expect([...(await lookup.find('instagram', ids)).keys()].sort()).toEqual([...ids].sort());
    await Promise.all(others.map((other) => other.close()));
  });
});

describe('a database that is away', () => {
  it('makes receiving fail, so that the webhook is not acknowledged', async () => {
    const nowhere = await seed(database.url);
    const lost = createIntake({
      pool: nowhere.pool,
      wake: () => expect.fail('nothing was stored'),
      now: () => new Date(),
      random: Math.random,
      onUnstorable: expect.fail,
    });
    await nowhere.close();
    await expect(lost.receive(platform, [mine()])).rejects.toThrow();
  });
});

describe('a template that does not do for this reader', () => {
  it('gives no message that leaves the resource out, and a public reply that does not fit leaves a trace', async () => {
    const own = await seed(database.url, {
      dmTemplates: [
        {
          text: '{% if contact.username == "mallory" %}nothing{% else %}{{ resource.url }}{% endif %}',
          weight: 1,
        },
      ],
      publicReplies: [
        {
          text: `{% if contact.username == "lengthy" %}${'x'.repeat(301)}{% else %}Sent!{% endif %}`,
          weight: 1,
        },
      ],
    });
    const from = (username: string) =>
      aComment(own.accountExternalId, { author: { externalId: username, username } });
    const [unserved, unannounced] = [from('mallory'), from('lengthy')];
    await intake.receive(platform, [unserved, unannounced]);
    expect(await stored(unserved)).toMatchObject({
      outcome: 'skipped',
      reason: 'message_unrenderable',
      messages: null,
    });
    const row = await stored(unannounced);
    expect(row.messages).toMatchObject([{ kind: 'private_reply', text: 'https://x.example/g' }]);
    expect(row.ledger).toEqual(['comment.matched', 'payment.made', 'message.failed']);
    await own.close();
  });
});
