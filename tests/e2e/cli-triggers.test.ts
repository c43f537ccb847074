import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Client, createClient } from '../../demo/client.ts';
import { type Fairdrop, startFairdrop } from '../../demo/process.ts';
import { type FakeAccount, type FakeInstagram, startFakeInstagram } from '../../fakes/instagram/index.ts';
import { fairdropCli } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/services.ts';
import { query } from '../support/sql.ts';
import { environment } from '../support/studio.ts';

let database: TestDatabase;
let instagram: FakeInstagram;
let api: Fairdrop;
let client: Client;
let env: Record<string, string>;
let dir: string;

beforeAll(async () => {
  database = await createDatabase();
  const appSecret = randomBytes(16).toString('hex');
  instagram = await startFakeInstagram({ appSecret });
  const given = environment({ databaseUrl: database.url, instagram, appSecret });
  env = given;
  api = await startFairdrop({ ...env, ROLE: 'api' });
  client = createClient(api.url, given.FAIRDROP_BOOTSTRAP_KEY);
  dir = mkdtempSync(path.join(tmpdir(), 'fairdrop-triggers-'));
});
afterAll(async () => {
  await api?.stop();
  await instagram?.close();
  await database?.drop();
  rmSync(dir, { recursive: true, force: true });
});

/** An account of its own for each test, without a trigger. */
let account: FakeAccount;
let accountId: string;
beforeEach(async () => {
  account = instagram.addAccount({ username: `studio_${randomBytes(4).toString('hex')}` });
  const connected = await client.post<{ id: string }>('/v1/accounts', {
    platform: 'instagram',
    accessToken: account.accessToken,
  });
  accountId = connected.id;
});

interface Trigger {
  id: string;
  name: string;
  state: string;
  version: number;
  keywords: string[];
  createdAt: string;
}
const triggersOf = async () =>
  (await client.list<Trigger>(`/v1/triggers?accountId=${accountId}`)).toReversed();
const resources = async () => client.list<{ id: string; name: string; url: string }>('/v1/resources');

let files = 0;
function write(content: string): string {
  const file = path.join(dir, `${++files}.yaml`);
  writeFileSync(file, content);
  return file;
}
const triggers = (...args: string[]) => fairdropCli(env, 'triggers', ...args);
const exported = async () => (await triggers('export', '-a', `instagram/${account.username}`)).stdout;

const guide = {
  name: 'Guide',
  resource: 'Guide',
  keywords: ['guide'],
  dmTemplates: [{ text: '{{ resource.url }}' }],
};
/** A file for the account, whose resource is named after it: resources belong to all accounts of the workspace. */
function fileOf(given: { triggers?: object[]; resources?: object[] } = {}): string {
  const link = { name: `Guide of ${account.username}`, kind: 'link', url: 'https://x.example/guide' };
  const wanted = given.triggers ?? [guide];
  return stringify({
    version: 1,
    account: { platform: 'instagram', username: `@${account.username.toUpperCase()}` },
    resources: given.resources ?? [link],
    triggers: wanted.map((trigger) => ({ ...trigger, resource: link.name })),
  });
}

describe('`triggers apply`', () => {
  it('makes what the file says, once', async () => {
    const file = write(fileOf({ triggers: [guide, { ...guide, name: 'Draft', state: 'draft' }] }));
    const first = await triggers('apply', file);
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(first.stdout).toContain('+ trigger "Guide"\n');
    expect(first.stdout).toContain('    + keywords: ["guide"]\n');
    expect(first.stdout).toMatch(/3 to add, 0 to change, 0 to archive, 0 unchanged\napplied\n$/);
    const made = await triggersOf();
    expect(made).toMatchObject([
      { name: 'Guide', state: 'active', version: 1, keywords: ['guide'] },
      { name: 'Draft', state: 'draft', version: 1 },
    ]);
    expect(await triggers('apply', file)).toMatchObject({
      code: 0,
      stdout: '0 to add, 0 to change, 0 to archive, 3 unchanged\n',
    });
    expect(await triggersOf()).toEqual(made);
    const versions = await client.get<{ data: object[] }>(`/v1/triggers/${made[0]?.id}/versions`);
    expect(versions.data).toMatchObject([{ createdById: null, createdByName: null }]);
  });

  it('does nothing when one thing in the file is wrong, and names line and field of everything', async () => {
    await triggers('apply', write(fileOf()));
    const before = await triggersOf();
    const wrong = fileOf({
      triggers: [
        { ...guide, keywords: ['changed'] },
        { ...guide, name: 'Gives nothing', dmTemplates: [{ text: 'hello' }] },
        { ...guide, name: 'Knows nobody', dmTemplates: [{ text: '{{ resource.url }} {{ foo }}' }] },
      ],
    });
    const file = write(wrong);
    const lineOf = (text: string) => wrong.split('\n').findIndex((line) => line.includes(text)) + 1;
    for (const args of [[file], [file, '--dry-run']]) {
      const said = await triggers('apply', ...args);
      expect(said).toMatchObject({ code: 1, stdout: '' });
      const [first, second] = said.stderr.split('\n');
      expect(first).toContain(`${file}:${lineOf('hello')}: triggers[1].dmTemplates[0].text never gives`);
      expect(second).toContain(`${file}:${lineOf('foo')}: triggers[2].dmTemplates[0].text line 1`);
    }
    expect(await triggersOf()).toEqual(before);
  });
});

describe('`triggers diff` and `apply --dry-run`', () => {
  it('show the same as an apply and change nothing; diff ends with 2 where something would change', async () => {
    const file = write(fileOf());
    const count = async () =>
      (await query(database.url, 'select count(*)::int as n from trigger_versions'))[0]?.n;
    const before = [await count(), (await resources()).length];
    const diff = await triggers('diff', file);
    expect(diff).toMatchObject({ code: 2, stderr: '' });
    expect(diff.stdout).toMatch(
      /^\+ resource "Guide of .*2 to add, 0 to change, 0 to archive, 0 unchanged\n$/s,
    );
    expect(await triggers('apply', '--dry-run', file)).toMatchObject({
      code: 0,
      stdout: `${diff.stdout}a dry run: nothing was changed\n`,
    });
    expect([await count(), (await resources()).length]).toEqual(before);
    expect((await triggers('apply', file)).stdout).toBe(`${diff.stdout}applied\n`);
    expect(await triggers('diff', file)).toMatchObject({ code: 0 });
    const empty = write(fileOf({ triggers: [] }));
    expect(await triggers('diff', empty)).toMatchObject({ code: 0 });
    expect(await triggers('diff', '--prune', empty)).toMatchObject({ code: 2 });
  });
});

describe('`triggers export`', () => {
  it('prints a file that changes nothing, without what has its default', async () => {
    const rich = {
      ...guide,
      name: 'Rich: "quoted" # and more',
      state: 'paused',
      priority: -2,
      keywords: ['10%', '123', 'yes', 'null', '📘'],
      mediaIds: ['18000000000000001'],
      includeReplies: true,
      dmTemplates: [{ text: 'Hello,\n\nhere it is: {{ resource.url }}\n  - fine', weight: 3 }],
      publicReplies: [{ text: '@you: sent!' }],
      frequency: { everyDays: 7 },
    };
    await triggers('apply', write(fileOf({ triggers: [guide, rich] })));
    const text = await exported();
    expect(text).not.toMatch(/frequency: once_per_trigger|priority: 0|state: active|weight: 1$/m);
    expect(parse(text)).toEqual({
      version: 1,
      account: { platform: 'instagram', username: account.username },
      resources: [{ name: `Guide of ${account.username}`, kind: 'link', url: 'https://x.example/guide' }],
      triggers: [guide, rich].map((each) => ({ ...each, resource: `Guide of ${account.username}` })),
    });
    expect(await triggers('diff', '--prune', write(text))).toMatchObject({
      code: 0,
      stdout: '0 to add, 0 to change, 0 to archive, 3 unchanged\n',
    });
  });

  it('asks which account where there are several, and says when names do not tell triggers apart', async () => {
    const other = instagram.addAccount({ username: 'another' });
    await client.post('/v1/accounts', { platform: 'instagram', accessToken: other.accessToken });
    expect(await triggers('export')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('instagram/another'),
    });
    expect(await triggers('export', '-a', 'instagram/nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/no such account/),
    });
    await triggers('apply', write(fileOf()));
    const [made] = await triggersOf();
    const { id, version, createdAt, ...rest } = made as Trigger & Record<string, unknown>;
    const { updatedAt, price, ...body } = rest;
    await client.post('/v1/triggers', body);
    const said = await triggers('export', '-a', account.id);
    expect(said).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('2 × "Guide"') });
    expect((await triggers('diff', write(fileOf()))).stderr).toMatch(
      /triggers\[0\]\.name is the name of 2 triggers/,
    );
  });
});

describe('a file that is none', () => {
  it('is refused line by line', async () => {
    const file = write('version: 1\naccount: {}\ncolour: red\n');
    const said = await triggers('diff', file);
    expect(said).toMatchObject({ code: 1, stdout: '' });
    expect(said.stderr.split('\n')).toEqual([
      `${file}:2: account.platform is missing`,
      `${file}:3: colour is not known here`,
      '',
    ]);
  });

  it('is one that is not there', async () => {
    expect(await triggers('apply', 'nowhere.yaml')).toMatchObject({
      code: 1,
      stderr: 'nowhere.yaml cannot be read (ENOENT).\n',
    });
  });
});

describe('while somebody else changes the workspace', () => {
  it('says so instead of waiting for ever', async () => {
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    try {
      await holder.query('begin');
      await holder.query('select 1 from workspaces for update');
      expect(await triggers('apply', write(fileOf()))).toMatchObject({
        code: 1,
        stdout: '',
        stderr: 'Somebody else is changing this workspace right now: try again in a few seconds.\n',
      });
    } finally {
      await holder.end();
    }
    expect(await triggersOf()).toEqual([]);
  });
});
