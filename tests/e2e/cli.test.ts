import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fairdropCli, type Said } from '../support/cli.ts';
import { freePort } from '../support/servers.ts';
import { createDatabase, type TestDatabase } from '../support/services.ts';
import { query } from '../support/sql.ts';

let database: TestDatabase;
let env: Record<string, string>;

beforeAll(async () => {
  database = await createDatabase();
  env = { DATABASE_URL: database.url, ENCRYPTION_KEY: randomBytes(32).toString('base64') };
});
afterAll(() => database?.drop());

const fairdrop = (...args: string[]) => fairdropCli(env, ...args);
const lines = (text: string) => text.split('\n').filter(Boolean);

async function scopesOf(said: Said): Promise<string[]> {
  expect(said, said.stderr).toMatchObject({ code: 0, stdout: expect.stringMatching(/^fd_\S+\n$/) });
  const [row] = await query(database.url, 'select scopes from api_keys where hint = $1', [
    said.stdout.trim().slice(-4),
  ]);
  return row?.scopes;
}

function expectOneSentence(said: Said, ...says: RegExp[]): void {
  expect(said.code).toBe(1);
  expect(said.stdout).toBe('');
  expect(lines(said.stderr)).toHaveLength(1);
  for (const sentence of says) expect(said.stderr).toMatch(sentence);
  expect(said.stderr).not.toMatch(/^\s+at |node_modules|prisma|invocation/im);
}

describe('`check`', () => {
  it('says that nothing is amiss in a new installation', async () => {
    expect(await fairdrop('check')).toMatchObject({ code: 0, stdout: 'nothing is amiss\n' });
  });
});

describe('`key create`', () => {
  it('makes the workspace "default" and, as the first of the installation, a key that may operate', async () => {
    const said = await fairdrop('key', 'create');
    expect(await scopesOf(said)).toEqual(['read', 'write', 'operate']);
    expect(said.stderr).toMatch(/workspace "default".*read, write, operate.*not shown again/);
    expect(said.stderr).toMatch(/first key of the installation/);
  });

  it('makes every later key one that reads and writes, and says how to get more', async () => {
    const said = await fairdrop('key', 'create', '-n', 'second');
    expect(await scopesOf(said)).toEqual(['read', 'write']);
    expect(said.stderr).toMatch(/-s read write operate/);
  });

  it('gives the scopes that are asked for', async () => {
    expect(await scopesOf(await fairdrop('key', 'create', '-s', 'read'))).toEqual(['read']);
    expect(await scopesOf(await fairdrop('key', 'create', '-s', 'read', 'operate'))).toEqual([
      'read',
      'operate',
    ]);
  });

  it('says in its help what a key may do', async () => {
    expect((await fairdrop('key', 'create', '--help')).stdout.replaceAll(/\s+/g, ' ')).toContain(
      'default: read write, and operate for the first key of the installation',
    );
  });

  it('makes no workspace but "default": an unknown one is an error that names `workspace create`', async () => {
    expectOneSentence(
      await fairdrop('key', 'create', '-w', 'studio'),
      /no workspace "studio"/,
      /workspace create/,
    );
    expect(lines((await fairdrop('workspace', 'list')).stdout)).toEqual([
      expect.stringMatching(/ {2}default$/),
    ]);
  });

  it('wants a name that can be shown', async () => {
    expectOneSentence(await fairdrop('key', 'create', '-n', 'a\u001b[31mb'), /control characters/);
    expectOneSentence(await fairdrop('key', 'create', '-n', ' '), /at least one character/);
  });
});

describe('`key revoke`', () => {
  it('says what an id is when it is given something else', async () => {
    expectOneSentence(await fairdrop('key', 'revoke', 'abc'), /UUID/, /key list/);
  });

  it('says that the workspace has no such key', async () => {
    expectOneSentence(await fairdrop('key', 'revoke', randomUUID()), /no working key/);
  });

  it('revokes once', async () => {
    const id = lines((await fairdrop('key', 'list')).stdout)[0]?.split(' ')[0] ?? '';
    expect(await fairdrop('key', 'revoke', id)).toMatchObject({ code: 0, stdout: 'revoked\n' });
    expectOneSentence(await fairdrop('key', 'revoke', id), /no working key/);
  });
});

describe('`workspace create`', () => {
  it('trims the name and prints the id, under which and under whose name keys can be made', async () => {
    const made = await fairdrop('workspace', 'create', '  studio  ');
    const id = made.stdout.trim();
    expect(lines((await fairdrop('workspace', 'list')).stdout)).toContain(`${id}  studio`);
    expect(await scopesOf(await fairdrop('key', 'create', '-w', id))).toEqual(['read', 'write']);
    expect(await scopesOf(await fairdrop('key', 'create', '-w', 'studio'))).toEqual(['read', 'write']);
  });

  it.each([
    ['nothing', '   ', /at least one character/],
    ['101 characters', '😀'.repeat(101), /at most 100 characters/],
    ['a line break', 'a\nb', /control characters/],
    ['a terminal sequence', 'a\u009b31mb', /control characters/],
    ['what looks like an id', randomUUID(), /looks like an id/],
    ['a name that is taken', ' studio', /workspace "studio" already/],
  ])('refuses %s in a sentence', async (_what, name, reason) => {
    expectOneSentence(await fairdrop('workspace', 'create', name), reason);
  });

  it('takes 100 characters, however many bytes they are', async () => {
    expect((await fairdrop('workspace', 'create', '😀'.repeat(100))).code).toBe(0);
  });

  it('gives a name to one of two that ask for it at the same time', async () => {
    const said = await Promise.all([1, 2, 3].map(() => fairdrop('workspace', 'create', 'race')));
    expect(said.map(({ code }) => code).toSorted()).toEqual([0, 1, 1]);
  });
});

describe('whatever goes wrong', () => {
  it('is one sentence when the database is away', async () => {
    const url = new URL(database.url);
    url.port = String(await freePort());
    expectOneSentence(
      await fairdropCli({ ...env, DATABASE_URL: url.href }, 'key', 'list', '-w', 'x'),
      /reached/,
    );
  });

  it('is one line for what nobody foresaw, and a stack with DEBUG=1', async () => {
    const broken = await createDatabase();
    await query(broken.url, 'drop table api_keys cascade');
    const given = { ...env, DATABASE_URL: broken.url };
    const said = await fairdropCli(given, 'key', 'create');
    expect(said.code).toBe(1);
    expect(lines(said.stderr)).toEqual([expect.stringMatching(/^That did not work: .*DEBUG=1/)]);
    const debugged = await fairdropCli({ ...given, DEBUG: '1' }, 'key', 'create');
    expect(debugged.stderr).toMatch(/^\s+at /m);
    await broken.drop();
  });
});
