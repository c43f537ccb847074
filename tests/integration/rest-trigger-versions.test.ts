import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Prisma } from '../../src/db/generated/client.ts';
import { type Client, connect, created, type Harness, type Json, startHarness } from './rest-harness.ts';

let api: Harness;
let client: Client;
beforeAll(async () => {
  api = await startHarness();
  client = await api.client();
});
afterAll(() => api.close());

const pathOf = (trigger: Json) => `/v1/triggers/${trigger.id}`;
const versionsOf = async (trigger: Json, query = '') =>
  (await client.get(`${pathOf(trigger)}/versions${query}`)).body.data;
const restore = (trigger: Json, version: number | string) =>
  client.post(`${pathOf(trigger)}/versions/${version}/restore`);

/** A second version, as an earlier Fairdrop could have written it. */
async function writeAsBefore(trigger: Json, definition: Prisma.Sql): Promise<void> {
  await api.prisma.$executeRaw`
    insert into trigger_versions (trigger_id, version, account_id, revision, resource_id, name, state, priority, definition)
    select trigger_id, 2, account_id, 2, resource_id, name, state, priority, ${definition}
    from trigger_versions where trigger_id = ${trigger.id}::uuid`;
  await api.prisma.trigger.update({ where: { id: trigger.id }, data: { version: 2 } });
}

describe('a draft', () => {
  it('is checked like any trigger, listed as what it is, and becomes active once', async () => {
    const { account, trigger } = await connect(client, { state: 'draft' });
    expect(trigger).toMatchObject({ state: 'draft', version: 1 });
    const drafts = await client.get(`/v1/triggers?accountId=${account.id}&state=draft`);
    const { collisions: _none, ...listed } = trigger;
    expect(drafts.body.data).toEqual([listed]);
    expect(await client.patch(pathOf(trigger), { dmTemplates: [{ text: 'nothing' }] })).toMatchObject({
      status: 422,
      body: { code: 'template_invalid' },
    });
    expect((await client.patch(pathOf(trigger), { keywords: ['pdf'] })).body.state).toBe('draft');
    expect((await client.post(`${pathOf(trigger)}/resume`)).body).toMatchObject({
      state: 'active',
      version: 3,
    });
    expect(await client.patch(pathOf(trigger), { state: 'draft' })).toMatchObject({
      status: 409,
      body: { code: 'trigger_not_draft', field: '/state' },
    });
  });

  it('keeps its resource from being archived', async () => {
    const { resource } = await connect(client, { state: 'draft' });
    expect((await client.delete(`/v1/resources/${resource.id}`)).body.code).toBe('resource_in_use');
  });
});

describe('the versions of a trigger', () => {
  it('say who wrote each and what it changed', async () => {
    const { trigger } = await connect(client, {
      dmTemplates: [{ text: 'A {{ resource.url }}' }, { text: 'B {{ resource.url }}' }],
    });
    await client.patch(pathOf(trigger), {
      name: 'Better',
      keywords: ['guide', 'pdf'],
      dmTemplates: [{ text: 'A {{ resource.url }}' }, { text: 'C {{ resource.url }}', weight: 2 }],
    });
    await client.patch(pathOf(trigger), { dmTemplates: [{ text: 'A {{ resource.url }}' }] });
    await client.post(`${pathOf(trigger)}/pause`);
    const [paused, shorter, better, first] = await versionsOf(trigger);
    expect(first.changes).toEqual([]);
    expect(better.changes).toEqual([
      { field: '/name', before: 'Guide', after: 'Better' },
      { field: '/keywords', before: ['GUIDE'], after: ['guide', 'pdf'] },
      { field: '/dmTemplates/1/text', before: 'B {{ resource.url }}', after: 'C {{ resource.url }}' },
      { field: '/dmTemplates/1/weight', before: 1, after: 2 },
    ]);
    expect(shorter.changes).toMatchObject([{ field: '/dmTemplates', after: [{ weight: 1 }] }]);
    expect(paused.changes).toEqual([{ field: '/state', before: 'active', after: 'paused' }]);
    expect(first).toMatchObject({ createdById: expect.any(String), createdByName: 'test' });
  });

  it('are compared across the pages of the list', async () => {
    const { trigger } = await connect(client);
    await client.patch(pathOf(trigger), { priority: 1 });
    await client.patch(pathOf(trigger), { priority: 2 });
    expect(await versionsOf(trigger, '?limit=1')).toMatchObject([
      { version: 3, changes: [{ field: '/priority', before: 1, after: 2 }] },
    ]);
  });

  it('show no change where an older one was written before a field existed', async () => {
    const { trigger } = await connect(client);
    await writeAsBefore(trigger, Prisma.sql`definition - 'frequency'`);
    const { body } = await client.patch(pathOf(trigger), { frequency: 'once_per_trigger' });
    expect(body).toMatchObject({ version: 2, frequency: 'once_per_trigger' });
    await client.patch(pathOf(trigger), { keywords: ['pdf'] });
    const [latest] = await versionsOf(trigger);
    expect(latest.changes).toMatchObject([{ field: '/keywords' }]);
  });
});

describe('restoring a version', () => {
  it('writes a new one with what the old one said, and leaves the trigger on', async () => {
    const { trigger } = await connect(client, { state: 'paused', priority: 3 });
    await client.patch(pathOf(trigger), { state: 'active', keywords: ['pdf'], name: 'B', priority: 4 });
    const restored = await restore(trigger, 1);
    expect(restored.status).toBe(200);
    expect(restored.body).toEqual({
      ...trigger,
      state: 'active',
      version: 3,
      updatedAt: expect.any(String),
    });
    expect(await versionsOf(trigger)).toHaveLength(3);
    expect((await restore(trigger, 3)).body.version).toBe(3);
    expect(await versionsOf(trigger)).toHaveLength(3);
  });

  it('is refused when its resource was archived, in words', async () => {
    const { resource, trigger } = await connect(client);
    const other = await created(
      client.post('/v1/resources', { name: 'Other', kind: 'link', url: 'https://x.example/other' }),
    );
    await client.patch(pathOf(trigger), { resourceId: other.id });
    expect((await client.delete(`/v1/resources/${resource.id}`)).status).toBe(204);
    expect(await restore(trigger, 1)).toMatchObject({
      status: 422,
      body: { code: 'resource_archived', field: '/resourceId' },
    });
    expect(await versionsOf(trigger)).toHaveLength(2);
  });

  it('is refused when the old version is no longer acceptable', async () => {
    const { trigger } = await connect(client);
    await writeAsBefore(trigger, Prisma.sql`jsonb_set(definition, '{keywords}', '[]')`);
    await client.patch(pathOf(trigger), { keywords: ['pdf'] });
    expect(await restore(trigger, 2)).toMatchObject({
      status: 422,
      body: { code: 'version_unacceptable', field: '/keywords' },
    });
  });

  it('is not found for a version that never was, and not possible for an archived trigger', async () => {
    const { trigger } = await connect(client);
    expect((await restore(trigger, 2)).body).toMatchObject({
      status: 404,
      detail: expect.stringMatching(/1/),
    });
    for (const nonsense of ['0', 'x', '1.5', '99999999999']) {
      expect((await restore(trigger, nonsense)).status).toBe(404);
    }
    const stranger = await api.client();
    expect((await stranger.post(`${pathOf(trigger)}/versions/1/restore`)).status).toBe(404);
    await client.delete(pathOf(trigger));
    expect((await restore(trigger, 1)).body).toMatchObject({ status: 409, code: 'trigger_archived' });
  });
});
