import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { findAccounts } from '../../src/catalog/as-code/account.ts';
import { applyTriggersFile } from '../../src/catalog/as-code/apply.ts';
import { exportTriggers } from '../../src/catalog/as-code/export.ts';
import { changesAnything } from '../../src/catalog/as-code/plan.ts';
import { printPlan } from '../../src/catalog/as-code/print.ts';
import { describeFileProblem, FileRefused, readTriggersFile } from '../../src/catalog/as-code/read.ts';
import { type Client, connect, created, type Harness, type Json, startHarness } from './rest-harness.ts';

let api: Harness;
let client: Client;
beforeAll(async () => {
  api = await startHarness();
});
afterAll(() => api.close());

/** A workspace of its own for each test, with an account that has no trigger yet. */
let account: Json;
beforeEach(async () => {
  client = await api.client();
  const connected = await connect(client);
  account = connected.account;
  await client.delete(`/v1/triggers/${connected.trigger.id}`);
  await client.delete(`/v1/resources/${connected.resource.id}`);
});

const link = { name: 'Guide', kind: 'link', url: 'https://x.example/guide' };
const guide = {
  name: 'Guide',
  resource: 'Guide',
  keywords: ['guide'],
  dmTemplates: [{ text: '{{ resource.url }}' }],
};

function fileOf(given: { triggers?: object[]; resources?: object[] } = {}): string {
  const named = { platform: 'instagram', username: account.username };
  return stringify({ version: 1, account: named, resources: [link], triggers: [guide], ...given });
}

interface Applied {
  /** What is printed, line by line. */
  lines: string[];
  changed: boolean;
}

async function apply(text: string, { prune = false, dryRun = false } = {}): Promise<Applied> {
  const change = { workspaceId: client.workspaceId, keyId: null, now: new Date() };
  const platforms = new Map([['instagram', api.platform]]);
  const read = readTriggersFile(text);
  const plan = await applyTriggersFile(api.prisma, platforms, change, read, { prune, dryRun });
  return { lines: printPlan(plan), changed: changesAnything(plan) };
}

async function refusalOf(text: string): Promise<string[]> {
  const before = await everything();
  const error = await apply(text).catch((thrown: unknown) => thrown);
  if (!(error instanceof FileRefused)) throw error;
  expect(await everything()).toEqual(before);
  return error.problems.map((problem) => describeFileProblem(problem, ''));
}

const triggers = async (): Promise<Json[]> => (await client.get('/v1/triggers')).body.data.toReversed();
const resources = async (): Promise<Json[]> => (await client.get('/v1/resources')).body.data;
const everything = async () => [await triggers(), await resources()];

const textOf = async (): Promise<string> => {
  const [found] = await findAccounts(api.prisma, client.workspaceId, { id: account.externalId });
  const exported = await exportTriggers(api.prisma, found as NonNullable<typeof found>);
  if (!exported.ok) throw new Error(exported.reason);
  return exported.text;
};

describe('applying a file', () => {
  it('changes what differs, in a new version, and shows before and after', async () => {
    await apply(fileOf());
    const { lines } = await apply(
      fileOf({
        triggers: [{ ...guide, keywords: ['guide', 'pdf'], priority: 3 }],
        resources: [{ ...link, url: 'https://x.example/new' }],
      }),
    );
    expect(lines).toEqual([
      '~ resource "Guide"',
      '    - url: "https://x.example/guide"',
      '    + url: "https://x.example/new"',
      '~ trigger "Guide"',
      '    - priority: 0',
      '    + priority: 3',
      '    - keywords: ["guide"]',
      '    + keywords: ["guide","pdf"]',
      '0 to add, 2 to change, 0 to archive, 0 unchanged',
    ]);
    expect(await triggers()).toMatchObject([{ version: 2, keywords: ['guide', 'pdf'] }]);
    expect(await resources()).toMatchObject([{ url: 'https://x.example/new' }]);
  });

  it('turns a resource and the texts that give it around together', async () => {
    await apply(fileOf());
    const asText = [{ name: 'Guide', kind: 'text', text: 'All of it' }];
    expect(await refusalOf(fileOf({ resources: asText }))).toEqual([
      expect.stringMatching(/^\d+: resources\[0\]\.text .*"Guide"/),
    ]);
    const both = { ...guide, dmTemplates: [{ text: '{{ resource.text }}' }] };
    const { lines } = await apply(fileOf({ resources: asText, triggers: [both] }));
    expect(lines.at(-1)).toContain('2 to change');
  });

  it('is refused when another account could no longer answer with the resource', async () => {
    await apply(fileOf());
    const [{ id: resourceId }] = (await resources()) as [Json];
    const other = await created(
      client.post('/v1/accounts', { platform: 'instagram', accessToken: 'token-of-elsewhere' }),
    );
    const { resource: _resource, ...body } = guide;
    await created(client.post('/v1/triggers', { ...body, name: 'Other', accountId: other.id, resourceId }));
    const asText = [{ name: 'Guide', kind: 'text', text: 'All of it' }];
    const both = { ...guide, dmTemplates: [{ text: '{{ resource.text }}' }] };
    expect(await refusalOf(fileOf({ resources: asText, triggers: [both] }))).toEqual([
      expect.stringContaining('of the trigger "Other"'),
    ]);
  });

  it('leaves triggers that are not in the file, and says so; pruning archives them', async () => {
    await apply(fileOf({ triggers: [guide, { ...guide, name: 'Old' }] }));
    const left = await apply(fileOf());
    expect(left).toMatchObject({ changed: false });
    expect(left.lines[0]).toBe('  trigger "Old" is not in the file and stays as it is (--prune archives it)');
    expect(await triggers()).toHaveLength(2);
    const dry = await apply(fileOf(), { prune: true, dryRun: true });
    expect(dry.lines).toEqual([
      '- trigger "Old" (archived: it is not in the file)',
      '0 to add, 0 to change, 1 to archive, 2 unchanged',
    ]);
    expect(await triggers()).toHaveLength(2);
    expect(await apply(fileOf(), { prune: true })).toEqual(dry);
    expect(await triggers()).toMatchObject([{ name: 'Guide' }]);
    const again = await apply(fileOf({ triggers: [guide, { ...guide, name: 'Old' }] }));
    expect(again.lines[0]).toBe('+ trigger "Old"');
  });

  it('takes a resource that the workspace has, without its being in the file', async () => {
    await created(client.post('/v1/resources', { ...link, name: 'There already' }));
    await apply(fileOf({ resources: [], triggers: [{ ...guide, resource: 'There already' }] }));
    expect(await triggers()).toMatchObject([{ name: 'Guide', state: 'active' }]);
    expect(await refusalOf(fileOf({ resources: [], triggers: [{ ...guide, resource: 'Missing' }] }))).toEqual(
      [expect.stringMatching(/^8: triggers\[0\]\.resource names no resource/)],
    );
  });

  it('resumes or pauses a trigger as the file says, and makes none a draft again', async () => {
    const withState = (state: string) => fileOf({ triggers: [{ ...guide, state }] });
    await apply(withState('draft'));
    await apply(withState('paused'));
    await apply(fileOf());
    expect(await triggers()).toMatchObject([{ state: 'active', version: 3 }]);
    expect(await refusalOf(withState('draft'))).toEqual([
      expect.stringMatching(/triggers\[0\]\.state: .*Pause it/),
    ]);
  });

  it('is refused as a whole, for everything that is wrong in it', async () => {
    const wrong = fileOf({
      triggers: [
        { ...guide, name: 'Good' },
        { ...guide, name: 'Gives nothing', dmTemplates: [{ text: 'hello' }] },
        { ...guide, name: 'Knows nobody', dmTemplates: [{ text: '{{ resource.url }} {{ foo }}' }] },
      ],
    });
    expect(await refusalOf(wrong)).toEqual([
      expect.stringMatching(/^\d+: triggers\[1\]\.dmTemplates\[0\]\.text never gives/),
      expect.stringMatching(/^\d+: triggers\[2\]\.dmTemplates\[0\]\.text line 1/),
    ]);
  });

  it('is refused where names do not tell one from the other, or the account cannot do anything', async () => {
    await apply(fileOf());
    const [{ id, resourceId, keywords, dmTemplates, name }] = (await triggers()) as [Json];
    await created(
      client.post('/v1/triggers', { accountId: account.id, resourceId, keywords, dmTemplates, name }),
    );
    await created(client.post('/v1/resources', link));
    expect(await refusalOf(fileOf())).toEqual([
      '6: resources[0].name is the name of 2 resources of this workspace: rename the others first',
      '10: triggers[0].name is the name of 2 triggers of this account: rename the others first',
    ]);
    await expect(textOf()).rejects.toThrow('2 × "Guide", 2 × "Guide"');
    await client.delete(`/v1/triggers/${id}`);
    await client.delete(`/v1/accounts/${account.id}`);
    const added = { ...guide, name: 'Added', resource: 'New' };
    const renamed = [{ ...link, name: 'New' }];
    expect(await refusalOf(fileOf({ resources: renamed, triggers: [added] }))).toEqual([
      expect.stringMatching(/^2: account: .*disconnected/),
    ]);
    const pruned = await apply(fileOf({ resources: [], triggers: [] }), { prune: true });
    expect(pruned.lines.at(-1)).toContain('1 to archive');
  });

  it('knows only the accounts of its workspace', async () => {
    const text = fileOf();
    client = await api.client();
    expect(await refusalOf(text)).toEqual(['2: account names no account of this workspace']);
  });

  it('is read by intake like any change: the account has a new revision', async () => {
    const revision = async () =>
      (await api.prisma.account.findUniqueOrThrow({ where: { id: account.id } })).triggerRevision;
    const before = await revision();
    await apply(fileOf(), { dryRun: true });
    expect(await revision()).toBe(before);
    await apply(fileOf());
    expect(await revision()).toBe(before + 1);
    await apply(fileOf());
    expect(await revision()).toBe(before + 1);
  });
});

describe('what is exported', () => {
  it('changes nothing when it is applied, whatever an old version says and however many there are', async () => {
    const many = Array.from({ length: 40 }, (_, index) => ({
      ...guide,
      name: `Trigger ${index}`,
      keywords: [`word${index}`, '# 1', '😀'].filter((word) => word !== '# 1'),
      priority: index % 3,
      state: ['active', 'paused', 'draft'][index % 3],
    }));
    await apply(fileOf({ triggers: many }));
    await api.prisma.$executeRaw`
      insert into trigger_versions (trigger_id, version, account_id, revision, resource_id, name, state, priority, definition)
      select trigger_id, 2, account_id, revision, resource_id, name, state, priority, definition - 'frequency'
      from trigger_versions where account_id = ${account.id}::uuid and name = 'Trigger 7'`;
    await api.prisma
      .$executeRaw`update triggers t set version = 2 from trigger_versions v where v.trigger_id = t.id and v.version = 2`;
    const text = await textOf();
    expect(await apply(text, { prune: true })).toEqual({
      lines: ['0 to add, 0 to change, 0 to archive, 41 unchanged'],
      changed: false,
    });
    expect(await textOf()).toBe(text);
  });

  it('makes the same triggers elsewhere, in the same order', async () => {
    await apply(fileOf({ triggers: [guide, { ...guide, name: 'Second', keywords: ['guide', 'pdf'] }] }));
    const text = await textOf();
    const settings = (all: Json[]) =>
      all.map(({ id, accountId, resourceId, createdAt, updatedAt, ...rest }) => rest);
    const here = settings(await triggers());
    const username = account.username;
    client = await api.client();
    account = (await connect(client)).account;
    const [{ id }] = (await triggers()) as [Json];
    await client.delete(`/v1/triggers/${id}`);
    await apply(text.replace(username, account.username));
    expect(settings(await triggers())).toEqual(here);
  });
});
