import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIntake, type Intake } from '../../src/intake/intake.ts';
import type { CommentEvent } from '../../src/platforms/port.ts';
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
let intake: Intake;
/** When the comments come in, moved by tests. */
let receivedAt: Date;

beforeAll(async () => {
  api = await startHarness();
  client = await api.client();
  intake = createIntake({
    pool: api.pool,
    wake: () => {},
    now: () => receivedAt,
    random: Math.random,
    onUnstorable: (error) => expect.fail(String(error)),
  });
  receivedAt = new Date();
});
afterAll(() => api.close());

async function say(account: Json, ...comments: Partial<CommentEvent>[]): Promise<void> {
  const events = comments.map((given) => aComment(account.externalId, { occurredAt: receivedAt, ...given }));
  await intake.receive(api.platform, events);
}

const by = (name: string) => ({ author: { externalId: `id-${name}`, username: name } });
const rehearse = (trigger: Json, body: Json = {}) => client.post(`/v1/triggers/${trigger.id}/rehearse`, body);
async function rehearsed(trigger: Json, body: Json = {}): Promise<Json> {
  const answer = await rehearse(trigger, body);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body;
}

describe('a rehearsal', () => {
  it('says what a draft would have hit and missed, how nearly, and that it wrote nothing', async () => {
    const { account, trigger } = await connect(client, { state: 'draft', mediaIds: ['m1'] });
    await say(
      account,
      { text: 'the GUIDE, please', mediaId: 'm1', ...by('ada') },
      { text: 'guide', mediaId: 'm2', ...by('bob') },
      { text: 'guide', mediaId: 'm1', parentId: 'c1', ...by('cid') },
      { text: 'lovely', mediaId: 'm1', ...by('dot') },
      { text: 'guide', mediaId: 'm1', own: true },
    );
    const result = await rehearsed(trigger);
    expect(result).toMatchObject({
      triggerId: trigger.id,
      version: 1,
      window: { comments: 4, more: false, newestAt: expect.any(String) },
      hits: {
        total: 1,
        won: 1,
        outrankedBy: [],
        takenFrom: [],
        samples: [{ username: 'ada', text: 'the GUIDE, please', reason: 'fired' }],
      },
      nearMisses: { total: 2, byReason: { other_post: 1, replies_not_wanted: 1 } },
      misses: { total: 1, samples: [{ username: 'dot', reason: 'keyword_absent' }] },
      deliveries: { total: 1, repeats: 0 },
      people: { total: 1, servedTwice: { total: 0 }, servedBefore: { byThis: 0, byOthers: [] } },
      backlog: { answered: 0, messages: 1, inTime: 1 },
    });
    expect(result.nearMisses.samples.map(({ username }: Json) => username).sort()).toEqual(['bob', 'cid']);
    expect(await api.prisma.delivery.count({ where: { accountId: account.id } })).toBe(0);
    expect((await client.get(`/v1/triggers/${trigger.id}`)).body).toEqual(trigger);
  });

  it('asks as well which other trigger would win, and from which it would take', async () => {
    const { account, resource, trigger: first } = await connect(client, { priority: 2, keywords: ['top'] });
    const low = await created(
      client.post('/v1/triggers', triggerBody(account, resource, { name: 'Low', keywords: ['low'] })),
    );
    const draft = await created(
      client.post(
        '/v1/triggers',
        triggerBody(account, resource, { name: 'Draft', state: 'draft', priority: 1, keywords: ['guide'] }),
      ),
    );
    await say(
      account,
      { text: 'top guide' },
      { text: 'low guide' },
      { text: 'low guide' },
      { text: 'guide' },
    );
    expect(await rehearsed(draft)).toMatchObject({
      hits: {
        total: 4,
        won: 3,
        outrankedBy: [{ triggerId: first.id, name: 'Guide', count: 1 }],
        takenFrom: [{ triggerId: low.id, name: 'Low', count: 2 }],
      },
      people: {
        total: 3,
        servedBefore: { byThis: 0, byOthers: [{ triggerId: low.id, count: 2 }], sameResource: 2 },
      },
      backlog: { answered: 2, messages: 1 },
    });
  });

  it('says who would be served twice, as the frequency has it', async () => {
    const { account, trigger } = await connect(client, { state: 'draft' });
    await say(
      account,
      { text: 'guide', mediaId: 'm1', ...by('ada') },
      { text: 'guide', mediaId: 'm1', ...by('ada') },
      { text: 'guide', mediaId: 'm2', ...by('ada') },
      { text: 'guide', mediaId: 'm1', ...by('bob') },
    );
    const of = async (frequency: Json) => {
      const { deliveries, people } = await rehearsed(trigger, { change: { frequency } });
      expect(people.total).toBe(2);
      return [deliveries.total, deliveries.repeats, people.servedTwice];
    };
    const ada = (times: number) => ({
      total: 1,
      samples: [{ externalId: 'id-ada', username: 'ada', times }],
    });
    expect(await of('once_per_trigger')).toEqual([2, 2, { total: 0, samples: [] }]);
    expect(await of('once_per_post')).toEqual([3, 1, ada(2)]);
    expect(await of('unlimited')).toEqual([4, 0, ada(3)]);
    expect(await of({ everyDays: 1 })).toEqual([2, 2, { total: 0, samples: [] }]);
  });

  it('knows whom the trigger has served, and leaves out what has its answer', async () => {
    const { account, trigger } = await connect(client);
    await say(account, { text: 'guide', ...by('ada') });
    await say(account, { text: 'pdf', ...by('ada') }, { text: 'pdf', ...by('bob') });
    expect(await rehearsed(trigger, { change: { keywords: ['guide', 'pdf'] } })).toMatchObject({
      hits: { won: 3 },
      deliveries: { total: 2, repeats: 1 },
      people: { total: 2, servedBefore: { byThis: 1, byOthers: [], sameResource: 1 } },
      backlog: { answered: 1, servedAlready: 0, messages: 1 },
    });
    expect(await rehearsed(trigger, { change: { keywords: ['pdf'] } })).toMatchObject({
      deliveries: { total: 2 },
      backlog: { answered: 0, servedAlready: 1, messages: 1 },
    });
  });

  it('says how long the backlog would take at the pace of the account', async () => {
    const { account, trigger } = await connect(client, {
      state: 'draft',
      publicReplies: [{ text: 'Sent!' }],
    });
    await client.patch(`/v1/accounts/${account.id}`, {
      pacing: { private_reply: { perHour: 60, burst: 10 } },
    });
    await say(account, ...Array.from({ length: 70 }, () => ({ text: 'guide' })));
    const { backlog } = await rehearsed(trigger);
    expect(backlog).toMatchObject({
      messages: 70,
      lanes: [
        { kind: 'private_reply', perHour: 60, burst: 10, messages: 70, lastAt: expect.any(String) },
        { kind: 'public_reply', messages: 70, seconds: expect.any(Number) },
      ],
    });
    // Ten at once, and the others a minute apart.
    expect(backlog.lanes[0].seconds).toBe(60 * 60);
  });
});

describe('the window of a rehearsal', () => {
  it('is of the last comments, or between two times, read page by page', async () => {
    const { account, trigger } = await connect(client, { state: 'draft' });
    const other = await connect(client, { state: 'draft' });
    const start = receivedAt.getTime();
    for (let batch = 0; batch < 3; batch += 1) {
      receivedAt = new Date(start + batch * 60_000);
      await say(account, ...Array.from({ length: 450 }, () => ({ text: 'guide' })));
      await say(other.account, ...Array.from({ length: 450 }, () => ({ text: 'guide' })));
    }
    const window = async (body: Json) => {
      const { window: extent, hits } = await rehearsed(trigger, { ...body, samples: 3 });
      expect(hits.total).toBe(extent.comments);
      expect(hits.samples).toHaveLength(Math.min(3, extent.comments));
      return [extent.comments, extent.more];
    };
    const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
    expect(await window({})).toEqual([1_350, false]);
    expect(await window({ last: 700 })).toEqual([700, true]);
    expect(await window({ from: at(1) })).toEqual([900, false]);
    expect(await window({ to: at(1) })).toEqual([450, false]);
    expect(await window({ from: at(1), to: at(2) })).toEqual([450, false]);
    expect(await window({ from: at(3) })).toEqual([0, false]);
    const { window: extent } = await rehearsed(trigger, { from: at(1), to: at(2) });
    expect([extent.oldestAt, extent.newestAt]).toEqual([at(1), at(1)]);
  });

  it.each([
    [{ last: 50_001 }, '/last'],
    [{ last: 0 }, '/last'],
    [{ samples: 51 }, '/samples'],
    [{ from: 'yesterday' }, '/from'],
    [{ change: { state: 'active' } }, '/change/state'],
    [{ change: { priority: 5_000 } }, '/change/priority'],
  ])('cannot be %j', async (body, field) => {
    const { trigger } = await connect(client);
    expect(await rehearse(trigger, body)).toMatchObject({
      status: 422,
      body: { code: 'body_invalid', field },
    });
  });

  it('cannot begin before there is a calendar', async () => {
    const { trigger } = await connect(client);
    expect(await rehearse(trigger, { from: '0000-01-01T00:00:00Z' })).toMatchObject({
      status: 422,
      body: { code: 'body_invalid', field: '/from' },
    });
  });

  it('is of a trigger that could be activated, in the own workspace', async () => {
    const { trigger } = await connect(client);
    const stranger = await api.client();
    expect((await stranger.post(`/v1/triggers/${trigger.id}/rehearse`, {})).status).toBe(404);
    await client.delete(`/v1/triggers/${trigger.id}`);
    expect((await rehearse(trigger)).body).toMatchObject({ status: 409, code: 'trigger_archived' });
  });

  it('is read for one at a time', async () => {
    const { trigger } = await connect(client);
    const answers = await Promise.all(Array.from({ length: 4 }, () => rehearse(trigger)));
    const codes = new Set(answers.map(({ status, body }) => `${status} ${body.code ?? ''}`.trim()));
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    for (const code of codes) expect(['200', '409 rehearsal_running']).toContain(code);
    expect((await rehearse(trigger)).status).toBe(200);
  });
});
