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

const versionsOf = async (trigger: Json) =>
  (await client.get(`/v1/triggers/${trigger.id}/versions`)).body.data;

async function revisionOf(account: Json): Promise<number> {
  return (await api.prisma.account.findUniqueOrThrow({ where: { id: account.id } })).triggerRevision;
}

describe('a trigger', () => {
  it('begins active, as version 1, and asks for a comment', async () => {
    const { account, resource, trigger } = await connect(client);
    expect(trigger).toEqual({
      collisions: [],
      id: expect.any(String),
      accountId: account.id,
      resourceId: resource.id,
      name: 'Guide',
      state: 'active',
      priority: 0,
      version: 1,
      mode: 'word',
      keywords: ['GUIDE'],
      exclude: [],
      typos: false,
      skipRefusals: true,
      language: null,
      doors: ['comment', 'private'],
      activeFrom: null,
      activeUntil: null,
      activeHours: null,
      maxDeliveries: null,
      includeReplies: false,
      mediaIds: [],
      dmTemplates: [{ text: 'Here it is: {{ resource.url }}', weight: 1 }],
      publicReplies: [],
      frequency: 'once_per_trigger',
      price: [
        { door: 'comment', payments: ['comment'] },
        { door: 'private', payments: [] },
      ],
      createdAt: trigger.createdAt,
      updatedAt: trigger.createdAt,
    });
    expect((await client.get(`/v1/triggers/${trigger.id}`)).body).toEqual(trigger);
    expect(await versionsOf(trigger)).toMatchObject([{ version: 1, revision: 1, state: 'active' }]);
  });

  it('keeps what a change leaves out, and every version that ever was', async () => {
    const { account, trigger } = await connect(client, {
      includeReplies: true,
      mediaIds: ['m1'],
      priority: 7,
      publicReplies: [{ text: 'Sent!', weight: 3 }],
    });
    const path = `/v1/triggers/${trigger.id}`;
    const changed = await client.patch(path, { keywords: ['PDF'] });
    expect(changed.body).toEqual({
      ...trigger,
      keywords: ['PDF'],
      version: 2,
      updatedAt: expect.any(String),
    });
    await client.patch(path, { mediaIds: [], name: 'Other' });
    const versions = await versionsOf(trigger);
    expect(versions.map(({ version, revision }: Json) => [version, revision])).toEqual([
      [3, 3],
      [2, 2],
      [1, 1],
    ]);
    expect(versions[2]).toMatchObject({ name: 'Guide', keywords: ['GUIDE'], mediaIds: ['m1'], priority: 7 });
    expect(versions[0]).toMatchObject({
      name: 'Other',
      keywords: ['PDF'],
      mediaIds: [],
      includeReplies: true,
    });
    const [key] = await api.prisma.apiKey.findMany({ where: { workspaceId: client.workspaceId } });
    expect(versions[0].createdById).toBe(key!.id);
    expect(await revisionOf(account)).toBe(3);
  });

  it('writes nothing when nothing changes', async () => {
    const { account, trigger } = await connect(client);
    const { keywords, dmTemplates, name, resourceId } = trigger;
    const same = await client.patch(`/v1/triggers/${trigger.id}`, {
      keywords,
      dmTemplates,
      name,
      resourceId,
    });
    expect(same.body).toEqual(trigger);
    expect((await client.patch(`/v1/triggers/${trigger.id}`, {})).body).toEqual(trigger);
    expect((await client.post(`/v1/triggers/${trigger.id}/resume`)).body).toEqual(trigger);
    expect(await versionsOf(trigger)).toHaveLength(1);
    expect(await revisionOf(account)).toBe(1);
  });

  it('gets a revision of its own for each of many changes at once', async () => {
    const { account, resource, trigger } = await connect(client);
    const other = await created(client.post('/v1/triggers', triggerBody(account, resource)));
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        client.patch(`/v1/triggers/${i % 2 ? trigger.id : other.id}`, { name: `Name ${i}` }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200));
    const rows = await api.prisma.triggerVersion.findMany({ where: { accountId: account.id } });
    expect(rows.map(({ revision }) => revision).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 14 }, (_, i) => i + 1),
    );
    expect(await revisionOf(account)).toBe(14);
    for (const { id } of [trigger, other]) {
      const versions = rows.filter(({ triggerId }) => triggerId === id).map(({ version }) => version);
      expect(versions.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect((await client.get(`/v1/triggers/${id}`)).body.version).toBe(7);
    }
  });

  it('is paused, resumed and archived', async () => {
    const { account, trigger } = await connect(client);
    const path = `/v1/triggers/${trigger.id}`;
    const list = async (query = '') =>
      (await client.get(`/v1/triggers?accountId=${account.id}${query}`)).body.data.length;
    expect((await client.post(`${path}/pause`)).body).toMatchObject({ state: 'paused', version: 2 });
    expect([await list(), await list('&state=active'), await list('&state=paused')]).toEqual([1, 0, 1]);
    expect((await client.post(`${path}/resume`)).body).toMatchObject({ state: 'active', version: 3 });
    expect((await client.delete(path)).status).toBe(204);
    expect((await client.delete(path)).status).toBe(204);
    expect([await list(), await list('&state=archived')]).toEqual([0, 1]);
    expect((await client.get(path)).body).toMatchObject({ state: 'archived', version: 4 });
    for (const answer of [
      await client.post(`${path}/resume`),
      await client.post(`${path}/pause`),
      await client.patch(path, { name: 'b' }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([409, 'trigger_archived']);
    }
  });
});

describe('what a trigger cannot do', () => {
  it.each([
    ['gives nothing', { dmTemplates: [{ text: 'Hello!' }] }, ['/dmTemplates/0/text']],
    [
      'is too long',
      { dmTemplates: [{ text: '{{ resource.url }}' }, { text: `${'ü'.repeat(600)} {{ resource.url }}` }] },
      ['/dmTemplates/1/text'],
    ],
    ['does not parse', { dmTemplates: [{ text: '{{ resource.url' }] }, ['/dmTemplates/0/text']],
    [
      'names nothing known',
      { dmTemplates: [{ text: '{{ resource.url }} {{ foo }}' }] },
      ['/dmTemplates/0/text'],
    ],
    [
      'is wrong twice',
      { dmTemplates: [{ text: 'x' }], publicReplies: [{ text: 'ok' }, { text: 'a'.repeat(400) }] },
      ['/dmTemplates/0/text', '/publicReplies/1/text'],
    ],
  ])('save a template that %s', async (_what, given, fields) => {
    const { account, resource, trigger } = await connect(client);
    for (const answer of [
      await client.post('/v1/triggers', triggerBody(account, resource, given)),
      await client.patch(`/v1/triggers/${trigger.id}`, given),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([422, 'template_invalid']);
      expect([...new Set(answer.body.errors.map(({ field }: Json) => field))]).toEqual(fields);
      expect(answer.body.field).toBe(fields[0]);
    }
    expect(await versionsOf(trigger)).toHaveLength(1);
    expect(await revisionOf(account)).toBe(1);
  });

  it('use an account or a resource that is not there', async () => {
    const { account, resource } = await connect(client);
    const nobody = { id: '01890000-0000-7000-8000-000000000000' };
    expect((await client.post('/v1/triggers', triggerBody(nobody, resource))).body).toMatchObject({
      code: 'account_unknown',
      field: '/accountId',
    });
    expect((await client.post('/v1/triggers', triggerBody(account, nobody))).body).toMatchObject({
      code: 'resource_unknown',
      field: '/resourceId',
    });
  });

  it('begin or resume on a disconnected account, while it may be paused and archived', async () => {
    const { account, resource, trigger } = await connect(client);
    await client.delete(`/v1/accounts/${account.id}`);
    const path = `/v1/triggers/${trigger.id}`;
    expect((await client.post('/v1/triggers', triggerBody(account, resource))).body).toMatchObject({
      status: 422,
      code: 'account_disconnected',
    });
    expect((await client.patch(path, { name: 'b' })).body).toMatchObject({
      status: 409,
      code: 'account_disconnected',
    });
    expect((await client.post(`${path}/pause`)).body.state).toBe('paused');
    expect((await client.post(`${path}/resume`)).status).toBe(409);
    expect((await client.delete(path)).status).toBe(204);
  });

  it.each([
    [{ accountId: '01890000-0000-7000-8000-000000000000' }, '/accountId'],
    [{ state: 'archived' }, '/state'],
    [{ priority: 1_001 }, '/priority'],
    [{ priority: 0.5 }, '/priority'],
    [{ keywords: [] }, '/keywords'],
    [{ keywords: Array(51).fill('a') }, '/keywords'],
    [{ keywords: ['a'.repeat(101)] }, '/keywords/0'],
    [{ keywords: ['   '] }, '/keywords/0'],
    [{ dmTemplates: [] }, '/dmTemplates'],
    [{ dmTemplates: [{ text: '{{ resource.url }}', weight: 0 }] }, '/dmTemplates/0/weight'],
    [{ dmTemplates: [{ text: '{{ resource.url }}', colour: 1 }] }, '/dmTemplates/0/colour'],
    [{ mediaIds: [1] }, '/mediaIds/0'],
    [{ mode: 'fuzzy' }, '/mode'],
    [{ mode: 'emoji' }, '/keywords/0'],
    [{ mode: 'contains', typos: true }, '/typos'],
    [{ exclude: ['guide!'] }, '/exclude/0'],
    [{ language: 'xx' }, '/language'],
    [{ version: 3 }, '/version'],
    [{ name: '' }, '/name'],
    [{ name: null }, '/name'],
  ])('be changed to %j', async (patch, field) => {
    const { trigger } = await connect(client);
    const answer = await client.patch(`/v1/triggers/${trigger.id}`, patch);
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([422, 'body_invalid', field]);
  });
});

describe('a trigger that is saved', () => {
  it('tells which others the same comment could fire, and who would answer', async () => {
    const { account, resource, trigger } = await connect(client);
    const second = await created(
      client.post(
        '/v1/triggers',
        triggerBody(account, resource, { name: 'Later', keywords: ['guide', 'pdf'] }),
      ),
    );
    expect(second.collisions).toEqual([{ triggerId: trigger.id, name: 'Guide', text: 'guide', wins: false }]);
    const path = `/v1/triggers/${second.id}`;
    const raised = await client.patch(path, { priority: 1 });
    expect(raised.body.collisions).toEqual([expect.objectContaining({ wins: true })]);
    expect((await client.patch(path, { keywords: ['pdf'] })).body.collisions).toEqual([]);
    expect((await client.patch(path, { keywords: ['guide'], state: 'paused' })).body.collisions).toEqual([]);
  });
});
