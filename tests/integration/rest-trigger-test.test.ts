import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
beforeAll(async () => {
  api = await startHarness();
  client = await api.client();
});
afterAll(() => api.close());

const test = (body: unknown, by = client) => by.post('/v1/triggers/test', body);
const tested = async (body: unknown): Promise<Json> => {
  const answer = await test(body);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body;
};
const inline = { keywords: ['guide'], dmTemplates: [{ text: '{{ contact.username }}: {{ resource.url }}' }] };

describe('a test of triggers', () => {
  it('gives each trigger’s verdict and the texts of the one that would fire', async () => {
    const { account, resource, trigger } = await connect(client, {
      priority: 5,
      dmTemplates: [
        { text: 'For @{{ contact.username }}: {{ resource.url }}', weight: 3 },
        { text: 'By {{ account.username }}: {{ resource.url }}' },
      ],
      publicReplies: [{ text: 'Sent!' }],
    });
    const second = await created(
      client.post('/v1/triggers', triggerBody(account, resource, { name: 'Second', keywords: ['please'] })),
    );
    const result = await tested({ accountId: account.id, text: 'Guide, please', username: 'nina' });
    expect(result).toMatchObject({
      outcome: 'matched',
      reason: 'trigger_matched',
      summary: expect.stringContaining('"Guide"'),
      triggers: [
        { triggerId: trigger.id, version: 1, verdict: 'fired', keyword: 'GUIDE', span: { start: 0, end: 5 } },
        { triggerId: second.id, verdict: 'outranked', sentence: expect.stringContaining('"Guide"') },
      ],
      answer: {
        triggerId: trigger.id,
        privateReplies: [
          { variant: 0, weight: 3, text: 'For @nina: https://x.example/guide', problem: null },
          { variant: 1, weight: 1, text: `By ${account.username}: https://x.example/guide`, problem: null },
        ],
        publicReplies: [{ text: 'Sent!' }],
      },
    });
  });

  it('says why nothing would fire, with the context that a comment has', async () => {
    const { account } = await connect(client, { mediaIds: ['post1'] });
    const reasonOf = async (given: Json) => {
      const { outcome, reason, answer, triggers } = await tested({ accountId: account.id, ...given });
      expect([outcome, answer, triggers[0].verdict]).toEqual(['skipped', null, reason]);
      return reason;
    };
    expect(await reasonOf({ text: 'lovely' })).toBe('keyword_absent');
    expect(await reasonOf({ text: 'guide', mediaId: 'post2' })).toBe('other_post');
    expect(await reasonOf({ text: 'guide', mediaId: 'post1', isReply: true })).toBe('replies_not_wanted');
    expect(await tested({ accountId: account.id, text: 'guide', mediaId: 'post1' })).toMatchObject({
      outcome: 'matched',
    });
  });

  it('asks a trigger that is not saved, alone or beside those of an account', async () => {
    expect(await tested({ text: 'the guide', trigger: inline })).toMatchObject({
      outcome: 'matched',
      triggers: [{ triggerId: null, version: null, verdict: 'fired' }],
      answer: { triggerId: null, privateReplies: [{ text: 'reader: https://example.com/your-resource' }] },
    });
    const { account, resource, trigger } = await connect(client);
    const beside = { accountId: account.id, text: 'guide', trigger: { ...inline, resourceId: resource.id } };
    expect(await tested(beside)).toMatchObject({
      triggers: [
        { triggerId: trigger.id, verdict: 'fired' },
        { triggerId: null, verdict: 'outranked' },
      ],
    });
    const instead = { ...inline, id: trigger.id, keywords: ['pdf'], resourceId: resource.id };
    expect(await tested({ ...beside, trigger: instead })).toMatchObject({
      outcome: 'skipped',
      triggers: [{ triggerId: trigger.id, version: null, verdict: 'keyword_absent' }],
    });
  });

  it('takes a draft for what it is, or as if it were active', async () => {
    const { account } = await connect(client, { state: 'draft' });
    expect(await tested({ accountId: account.id, text: 'guide' })).toMatchObject({
      reason: 'no_trigger',
      triggers: [{ verdict: 'not_active', sentence: 'It was a draft when the comment came.' }],
    });
    expect(await tested({ accountId: account.id, text: 'guide', includeDrafts: true })).toMatchObject({
      outcome: 'matched',
      triggers: [{ verdict: 'fired' }],
    });
  });

  it('shows what is wrong with a text, and that nothing else would do', async () => {
    const { account } = await connect(client);
    const trigger = {
      ...inline,
      priority: 9,
      dmTemplates: [{ text: 'nothing for you' }, { text: '{{ resource.url' }],
    };
    const result = await tested({ accountId: account.id, text: 'guide', trigger });
    expect(result).toMatchObject({
      outcome: 'skipped',
      reason: 'message_unrenderable',
      answer: {
        privateReplies: [
          { text: 'nothing for you', problem: expect.stringMatching(/gives the resource/) },
          { text: null, problem: expect.any(String) },
        ],
      },
    });
  });

  it('leaves no trace', async () => {
    const { account, trigger } = await connect(client);
    await tested({ accountId: account.id, text: 'guide', trigger: inline });
    expect(await api.prisma.event.count({ where: { accountId: account.id } })).toBe(0);
    expect(await api.prisma.trigger.count({ where: { accountId: account.id } })).toBe(1);
    expect((await client.get(`/v1/triggers/${trigger.id}`)).body).toEqual(trigger);
  });

  it.each([
    [{ text: 'guide' }, 'body_invalid', ''],
    [{ trigger: inline }, 'body_invalid', '/text'],
    [{ text: 'a'.repeat(10_001), trigger: inline }, 'body_invalid', '/text'],
    [{ text: 'a', trigger: { ...inline, keywords: [] } }, 'body_invalid', '/trigger/keywords'],
    [{ text: 'a', trigger: { ...inline, id: crypto.randomUUID() } }, 'trigger_unknown', '/trigger/id'],
    [
      { text: 'guide', trigger: { ...inline, resourceId: crypto.randomUUID() } },
      'resource_unknown',
      '/trigger/resourceId',
    ],
    [{ text: 'guide', accountId: crypto.randomUUID() }, 'account_unknown', '/accountId'],
  ])('refuses %j', async (body, code, field) => {
    expect(await test(body)).toMatchObject({ status: 422, body: { code, field } });
  });

  it('takes a private message for one that stands under no post and answers nothing', async () => {
    const { account } = await connect(client);
    const body = { accountId: account.id, text: 'guide', door: 'private', isReply: true, mediaId: '5' };
    expect(await tested(body)).toMatchObject({ outcome: 'matched', triggers: [{ verdict: 'fired' }] });
  });

  it('knows nothing of other workspaces', async () => {
    const { account, resource } = await connect(client);
    const stranger = await api.client();
    expect((await test({ accountId: account.id, text: 'guide' }, stranger)).body.code).toBe(
      'account_unknown',
    );
    const trigger = { ...inline, resourceId: resource.id };
    expect((await test({ text: 'guide', trigger }, stranger)).body.code).toBe('resource_unknown');
  });
});
