import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIntake, type Intake } from '../../src/intake/intake.ts';
import type { CommentEvent, QuietEvent } from '../../src/platforms/port.ts';
import { aComment } from '../support/platform.ts';
import {
  type Client,
  connect,
  created,
  type Harness,
  type Json,
  startHarness,
  triggerBody,
} from './rest-harness.ts';

let api: Harness;
let client: Client;
let pool: pg.Pool;
let intake: Intake;

beforeAll(async () => {
  api = await startHarness();
  client = await api.client();
  pool = new pg.Pool({ connectionString: api.databaseUrl, max: 4 });
  intake = createIntake({
    pool,
    wake: () => {},
    now: () => new Date(),
    random: Math.random,
    onUnstorable: (error) => expect.fail(String(error)),
  });
});
afterAll(async () => {
  await pool.end();
  await api.close();
});

/** Lets a comment come in and explains it. */
async function comment(account: Json, given: Partial<CommentEvent>): Promise<string> {
  const event = aComment(account.externalId, given);
  await intake.receive(api.platform, [event]);
  const row = await api.prisma.event.findFirstOrThrow({ where: { dedupeKey: event.dedupeKey } });
  return row.id;
}

const explain = async (id: string, by = client): Promise<Json> =>
  (await by.get(`/v1/events/${id}/explain`)).body;

describe('an explanation', () => {
  it('shows what fired, what came second, and what the reader got', async () => {
    const { account, resource, trigger } = await connect(client, { priority: 5 });
    const second = await created(
      client.post('/v1/triggers', triggerBody(account, resource, { name: 'Second', keywords: ['please'] })),
    );
    const third = await created(
      client.post('/v1/triggers', triggerBody(account, resource, { name: 'Third', keywords: ['pdf'] })),
    );
    const paused = await created(
      client.post('/v1/triggers', triggerBody(account, resource, { name: 'Paused', state: 'paused' })),
    );
    const id = await comment(account, { text: 'the guide, please' });
    const explained = await explain(id);
    expect(explained).toMatchObject({
      outcome: 'matched',
      reason: 'trigger_matched',
      event: { id, text: 'the guide, please', kind: 'comment', timesReceived: 1, triggerRevision: 4 },
      triggers: [
        {
          triggerId: trigger.id,
          version: 1,
          priority: 5,
          verdict: 'fired',
          keyword: 'GUIDE',
          span: { start: 4, end: 9 },
        },
        { triggerId: second.id, verdict: 'outranked', keyword: 'please', span: { start: 11, end: 17 } },
        { triggerId: third.id, verdict: 'keyword_absent', keyword: null, span: null },
        { triggerId: paused.id, verdict: 'not_active', keyword: null, span: null },
      ],
      delivery: {
        state: 'waiting',
        triggerId: trigger.id,
        messages: [{ kind: 'private_reply', text: 'Here it is: https://x.example/guide' }],
      },
    });
    expect(explained.summary).toContain('"Guide"');
    expect(explained.triggers[1].sentence).toContain('"Guide"');
    expect(explained.ledger.map(({ kind }: Json) => kind)).toContain('comment.matched');
    expect(explained.ledger.every(({ eventId }: Json) => eventId === id)).toBe(true);
  });

  it('still tells the truth of then after everything was edited', async () => {
    const { account, resource, trigger } = await connect(client);
    const matched = await comment(account, { text: 'GUIDE' });
    const missed = await comment(account, { text: 'pdf' });
    const before = [await explain(matched), await explain(missed)];

    await client.patch(`/v1/triggers/${trigger.id}`, { name: 'Renamed', keywords: ['pdf'], priority: -9 });
    await created(
      client.post('/v1/triggers', triggerBody(account, resource, { keywords: ['pdf', 'guide'] })),
    );
    await client.delete(`/v1/triggers/${trigger.id}`);
    await client.patch(`/v1/resources/${resource.id}`, { url: 'https://x.example/elsewhere' });
    await client.patch(`/v1/accounts/${account.id}`, { publicRepliesPerPost: 0 });

    expect([await explain(matched), await explain(missed)]).toEqual(before);

    await client.delete(`/v1/accounts/${account.id}`);
    const { delivery, summary, ...then } = before[0];
    expect(await explain(matched)).toMatchObject({
      ...then,
      delivery: { messages: [{ waitsFor: 'account' }] },
    });
    expect(await explain(missed)).toEqual(before[1]);
    expect(before[0].triggers).toMatchObject([{ name: 'Guide', version: 1, verdict: 'fired' }]);
    expect(before[1]).toMatchObject({ reason: 'keyword_absent', triggers: [{ verdict: 'keyword_absent' }] });
  });

  it('follows each change: the version in force is the one that is asked', async () => {
    const { account, resource, trigger } = await connect(client);
    const path = `/v1/triggers/${trigger.id}`;
    const ids: string[] = [];
    for (const step of [
      () => client.patch(path, { keywords: ['pdf'] }),
      () => client.post(`${path}/pause`),
      () => client.post(`${path}/resume`),
      () => client.patch(`/v1/resources/${resource.id}`, { url: 'https://x.example/new' }),
      () => client.delete(path),
    ]) {
      ids.push(await comment(account, { text: 'pdf' }));
      await step();
    }
    ids.push(await comment(account, { text: 'pdf' }));
    const explained = await Promise.all(ids.map((id) => explain(id)));
    expect(
      explained.map(({ reason, triggers }) => [reason, triggers[0].version, triggers[0].verdict]),
    ).toEqual([
      ['keyword_absent', 1, 'keyword_absent'],
      ['trigger_matched', 2, 'fired'],
      ['no_trigger', 3, 'not_active'],
      ['trigger_matched', 4, 'fired'],
      ['trigger_matched', 4, 'fired'],
      ['no_trigger', 5, 'not_active'],
    ]);
    expect(explained.map(({ delivery }) => delivery?.messages[0].text.split('/').at(-1))).toEqual([
      undefined,
      'guide',
      undefined,
      'guide',
      'new',
      undefined,
    ]);
  });

  it.each([
    ['replies_not_wanted', { parentId: '179' }],
    ['other_post', { mediaId: 'another' }],
    ['keyword_absent', { text: 'GUIDES' }],
  ])('says %s in the words of the trigger', async (reason, given) => {
    const { account } = await connect(client, { mediaIds: ['here'] });
    const explained = await explain(await comment(account, { mediaId: 'here', ...given }));
    expect(explained).toMatchObject({
      outcome: 'skipped',
      reason,
      triggers: [{ verdict: reason }],
      delivery: null,
    });
    expect(explained.triggers[0].sentence).toMatch(/\w+\.$/);
  });

  it.each([
    ['own_comment', { own: true }],
    ['author_unknown', { author: null }],
  ])('asks no trigger about what was decided before: %s', async (reason, given) => {
    const { account } = await connect(client);
    const explained = await explain(await comment(account, given));
    expect(explained).toMatchObject({ outcome: 'skipped', reason, triggers: [], delivery: null, ledger: [] });
    expect(explained.summary).toMatch(/\w+\.$/);
  });

  it('covers what is no comment at all', async () => {
    const { account } = await connect(client);
    const event: QuietEvent = {
      kind: 'message',
      accountExternalId: account.externalId,
      dedupeKey: 'message:1',
      occurredAt: new Date(),
      externalId: 'm1',
      author: { externalId: '5', username: null },
      recipientId: null,
      windowEndsAt: null,
      text: 'GUIDE',
      payload: { mid: 'm1', nested: { text: 'GUIDE' } },
    };
    await intake.receive(api.platform, [event]);
    const [row] = (await client.get(`/v1/events?accountId=${account.id}&kind=message`)).body.data;
    expect(row).not.toHaveProperty('payload');
    expect(await explain(row.id)).toMatchObject({
      reason: 'not_a_comment',
      triggers: [],
      event: { payload: event.payload },
    });
  });
});

describe('a list of events', () => {
  it('is narrowed down by each of its filters', async () => {
    const own = await api.client();
    const { account } = await connect(own);
    const { account: other } = await connect(own);
    const matched = await comment(account, { text: 'GUIDE' });
    const missed = await comment(account, { text: 'hello' });
    const elsewhere = await comment(other, { text: 'hello' });
    const ids = async (query: string) =>
      (await own.get(`/v1/events?${query}`)).body.data.map(({ id }: Json) => id);
    expect(await ids('')).toEqual([elsewhere, missed, matched]);
    expect(await ids(`accountId=${account.id}`)).toEqual([missed, matched]);
    expect(await ids('outcome=matched')).toEqual([matched]);
    expect(await ids('reason=keyword_absent')).toEqual([elsewhere, missed]);
    expect(await ids('kind=echo')).toEqual([]);
    const wrong = await own.get('/v1/events?reason=because');
    expect([wrong.status, wrong.body.field]).toEqual([400, 'reason']);
    expect(wrong.body.detail).toContain('keyword_absent');
  });

  it('of accounts that nobody connected is for operators', async () => {
    const operator = await api.client(['read', 'operate']);
    const id = await comment({ externalId: 'nobody-1' }, {});
    expect((await client.get('/v1/events?unassigned=true')).status).toBe(403);
    expect((await client.get(`/v1/events/${id}`)).status).toBe(404);
    expect((await operator.get('/v1/events')).body.data).toEqual([]);
    const [event] = (await operator.get('/v1/events?unassigned=true')).body.data;
    expect(event).toMatchObject({ id, accountId: null, reason: 'unknown_account' });
    expect(await explain(id, operator)).toMatchObject({ reason: 'unknown_account', triggers: [] });
  });
});

it('a delivery leads from event to contact, messages and ledger', async () => {
  const own = await api.client();
  const { account, trigger } = await connect(own, { publicReplies: [{ text: 'Sent!' }] });
  await comment(account, { author: { externalId: '77', username: 'anna' } });
  await comment(account, { author: { externalId: '78', username: 'bob' } });
  const list = async (query: string) => (await own.get(query)).body.data;
  const [contact] = (await list('/v1/contacts')).filter(({ username }: Json) => username === 'anna');
  expect((await own.get(`/v1/contacts/${contact.id}`)).body).toEqual(contact);
  const [delivery, ...more] = await list(`/v1/deliveries?contactId=${contact.id}&state=waiting`);
  expect(more).toEqual([]);
  expect(delivery).toMatchObject({
    triggerId: trigger.id,
    triggerVersion: 1,
    door: 'comment',
    keyword: 'GUIDE',
  });
  const { body } = await own.get(`/v1/deliveries/${delivery.id}`);
  expect(body).toMatchObject({
    ...delivery,
    messages: [
      { kind: 'private_reply', state: 'queued' },
      { kind: 'public_reply', state: 'held', text: 'Sent!' },
    ],
  });
  expect(await list(`/v1/deliveries?triggerId=${trigger.id}&accountId=${account.id}`)).toHaveLength(2);
  expect(await list('/v1/deliveries?state=failed')).toEqual([]);
  expect(await list('/v1/messages?state=held')).toHaveLength(2);
  expect(await list('/v1/messages?state=unconfirmed')).toEqual([]);
  const ledger = await list(`/v1/ledger?deliveryId=${delivery.id}`);
  expect(ledger.every(({ deliveryId }: Json) => deliveryId === delivery.id)).toBe(true);
  expect(await list('/v1/ledger?kind=comment.matched')).toHaveLength(2);
});
