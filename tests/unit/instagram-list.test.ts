/** Lists of posts and comments: documented shapes, paging, and whatever else a server may answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstagramAdapter } from '../../src/platforms/instagram/adapter.ts';
import type { PlatformAdapter, SendingAccount } from '../../src/platforms/port.ts';
import { start } from '../support/fake-instagram.ts';
import { answer, type ScriptedGraph, startScriptedGraph } from '../support/scripted-graph.ts';

let graph: ScriptedGraph;
let adapter: PlatformAdapter;
const account: SendingAccount = {
  externalId: '17841400000000001',
  credentials: { accessToken: 'IGAAtoken' },
};

beforeAll(async () => {
  graph = await startScriptedGraph();
  adapter = createInstagramAdapter({
    appSecrets: [],
    verifyToken: undefined,
    graphUrl: graph.url,
    timeoutMs: 2_000,
  });
});
afterAll(async () => {
  await adapter.close();
  await graph.close();
});

const list = (cursor: string | null = null) => adapter.listComments(account, '18088000000000031', cursor);
const cursors = (after: string) => ({
  cursors: { before: 'b', after },
  next: 'https://graph.instagram.com/next',
});

const comment = {
  id: '17990000000000031',
  text: 'GUIDE, please',
  timestamp: '2026-11-23T03:58:00+0000',
  from: { id: '5263300000000031', username: 'ada' },
  username: 'ada',
  hidden: false,
  media: { id: '18088000000000031' },
};

describe('a page of comments', () => {
  it('gives each comment as its webhook would have told it, with the time it was written', async () => {
    graph.script = answer(200, { data: [comment] });
    expect(await list()).toEqual({
      kind: 'page',
      items: [
        {
          event: {
            kind: 'comment',
            accountExternalId: account.externalId,
            dedupeKey: 'comment:17990000000000031',
            occurredAt: new Date('2026-11-23T03:58:00Z'),
            commentId: '17990000000000031',
            parentId: null,
            mediaId: '18088000000000031',
            author: { externalId: '5263300000000031', username: 'ada' },
            own: false,
            text: 'GUIDE, please',
            live: false,
          },
          hidden: false,
        },
      ],
      unreadable: 0,
      cursor: null,
      restMs: 0,
    });
    expect(graph.requests.at(-1)).toMatchObject({
      method: 'GET',
      headers: { authorization: 'Bearer IGAAtoken' },
    });
    expect(graph.requests.at(-1)?.url).toMatch(/^\/v25\.0\/18088000000000031\/comments\?fields=.*&limit=50$/);
  });

  it('knows the account’s own comments, nameless authors, hidden ones, and the post where it is not named', async () => {
    const { media: _media, from: _from, ...bare } = comment;
    graph.script = answer(200, {
      data: [
        { ...comment, id: '1', user: { id: account.externalId } },
        { ...comment, id: '2', from: { id: account.externalId, username: 'studio' } },
        { ...comment, id: '3', from: { id: '9', username: 'x', self_ig_scoped_id: '24' } },
        { ...bare, id: '4' },
        { ...bare, id: '5', username: undefined, hidden: true },
      ],
    });
    const page = await list();
    if (page.kind !== 'page') throw new Error(page.kind);
    expect(page.items.map(({ event, hidden }) => [event.own, event.author?.externalId, hidden])).toEqual([
      [true, comment.from.id, false],
      [true, account.externalId, false],
      [true, '9', false],
      [false, '@ada', false],
      [false, undefined, true],
    ]);
    expect(page.items[3]?.event.mediaId).toBe('18088000000000031');
  });

  it('has the replies that came with the comments, and goes on into those that did not before the next page', async () => {
    const reply = { id: '17990000000000131', text: 'me too', timestamp: '2026-11-23T04:00:00+0000' };
    graph.script = answer(200, {
      data: [{ ...comment, replies: { data: [reply], paging: cursors('R1') } }],
      paging: cursors('C1'),
    });
    const first = await list();
    if (first.kind !== 'page') throw new Error(first.kind);
    expect(first.items.map(({ event }) => [event.commentId, event.parentId])).toEqual([
      [comment.id, null],
      [reply.id, comment.id],
    ]);

    graph.script = answer(200, { data: [{ ...reply, id: '17990000000000132' }] });
    const second = await list(first.cursor);
    if (second.kind !== 'page') throw new Error(second.kind);
    expect(graph.requests.at(-1)?.url).toMatch(/\/17990000000000031\/replies\?.*after=R1/);
    expect(second.items[0]?.event.parentId).toBe(comment.id);

    graph.script = answer(200, { data: [] });
    expect(await list(second.cursor)).toMatchObject({ kind: 'page', items: [], cursor: null });
    expect(graph.requests.at(-1)?.url).toMatch(/\/18088000000000031\/comments\?.*after=C1/);
  });

  it('leaves the replies alone whose comment is gone, and goes on', async () => {
    graph.script = answer(200, {
      data: [{ ...comment, replies: { data: [], paging: cursors('R1') } }],
      paging: cursors('C1'),
    });
    const first = await list();
    graph.script = answer(400, {
      error: { code: 100, error_subcode: 33, message: 'gone', type: 'IGApiException' },
    });
    const second = await list(first.kind === 'page' ? first.cursor : null);
    expect(second).toMatchObject({ kind: 'page', items: [], cursor: expect.stringContaining('C1') });
  });

  it('counts what it cannot read, and keeps the rest', async () => {
    graph.script = answer(200, {
      data: [
        comment,
        null,
        'text',
        { ...comment, id: undefined },
        { ...comment, timestamp: 'yesterday' },
        { ...comment, text: { a: 1 } },
        { ...comment, id: '1'.repeat(500) },
      ],
    });
    expect(await list()).toMatchObject({ kind: 'page', items: [{}], unreadable: 6 });
  });

  it('ends where a cursor leads to itself', async () => {
    graph.script = answer(200, { data: [comment], paging: cursors('C1') });
    const first = await list();
    if (first.kind !== 'page') throw new Error(first.kind);
    expect(await list(first.cursor)).toMatchObject({ kind: 'page', cursor: null });
  });

  it('begins at the beginning where the cursor is not one of ours', async () => {
    graph.script = answer(200, { data: [] });
    for (const cursor of [
      '',
      'nonsense',
      '[]',
      '{"threads":5}',
      '{"after":{},"threads":[{"commentId":1}]}',
    ]) {
      await list(cursor);
      expect(graph.requests.at(-1)?.url).not.toContain('after=');
      expect(graph.requests.at(-1)?.url).toContain('/18088000000000031/comments');
    }
  });

  it('says how long reading should rest, earlier than sending would', async () => {
    const usage = (percent: number) => ({
      'x-business-use-case-usage': JSON.stringify({ a: [{ type: 'instagram', call_count: percent }] }),
    });
    graph.script = answer(200, { data: [] }, usage(74));
    expect(await list()).toMatchObject({ restMs: 0 });
    graph.script = answer(200, { data: [] }, usage(75));
    expect(await list()).toMatchObject({ restMs: 300_000 });
  });
});

describe('a page of posts', () => {
  it('has their ids, times and numbers of comments', async () => {
    graph.script = answer(200, {
      data: [
        { id: '18088000000000031', timestamp: '2026-11-20T10:00:00+0000', comments_count: 12 },
        { id: '18088000000000030' },
        { timestamp: '2026-11-20T10:00:00+0000' },
      ],
      paging: cursors('P1'),
    });
    expect(await adapter.listPosts(account, null)).toEqual({
      kind: 'page',
      items: [
        { id: '18088000000000031', publishedAt: new Date('2026-11-20T10:00:00Z'), comments: 12 },
        { id: '18088000000000030', publishedAt: null, comments: null },
      ],
      unreadable: 1,
      cursor: 'P1',
      restMs: 0,
    });
    expect(graph.requests.at(-1)?.url).toMatch(/^\/v25\.0\/me\/media\?/);
  });
});

describe('a list that is not given', () => {
  const graphError = (code: number, more = {}) => ({
    error: { code, type: 'IGApiException', message: 'no', ...more },
  });

  it.each([
    ['an object that is not there', 400, graphError(100, { error_subcode: 33 }), { kind: 'refused' }],
    ['an outdated cursor', 400, graphError(100), { kind: 'refused' }],
    ['too many calls', 400, graphError(80002), { kind: 'throttled' }],
    ['429', 429, 'slow down', { kind: 'throttled' }],
    ['a dead token', 401, graphError(190), { kind: 'account', reason: 'token_invalid' }],
    ['a missing permission', 403, graphError(10), { kind: 'account', reason: 'not_permitted' }],
    ['a block', 403, graphError(368), { kind: 'account', reason: 'blocked' }],
    ['a temporary error', 500, graphError(2), { kind: 'unavailable' }],
    ['a page in HTML', 200, '<html>Sorry', { kind: 'unavailable' }],
    ['JSON without a list', 200, { id: '1' }, { kind: 'unavailable' }],
    ['a list that is none', 200, { data: {} }, { kind: 'unavailable' }],
    ['an error of a proxy', 403, { error: { code: 403, message: 'denied' } }, { kind: 'unavailable' }],
  ])('%s', async (_name, status, body, outcome) => {
    graph.script = answer(status, body);
    expect(await list()).toMatchObject(outcome);
    expect(await adapter.listPosts(account, null)).toMatchObject(outcome);
  });

  it('is unavailable when the connection breaks or nobody answers', async () => {
    graph.script = (response) => response.socket?.destroy();
    expect(await list()).toMatchObject({ kind: 'unavailable' });
    graph.script = () => {};
    expect(await list()).toMatchObject({ kind: 'unavailable' });
  });

  it('is not even asked for with an id or a token that cannot be', async () => {
    const asked = graph.requests.length;
    expect(await adapter.listComments(account, '..', null)).toMatchObject({ kind: 'refused' });
    const tokenless = { ...account, credentials: { accessToken: 'a b' } };
    expect(await adapter.listPosts(tokenless, null)).toMatchObject({
      kind: 'account',
      reason: 'token_invalid',
    });
    expect(graph.requests).toHaveLength(asked);
  });

  it('never shows the token', async () => {
    graph.script = answer(400, graphError(100, { message: 'Cannot parse IGAAtoken' }));
    expect(JSON.stringify(await list())).not.toContain('IGAAtoken');
  });
});

it('the fake’s lists, of 50 a page with long threads, are read to the end, each comment once', async () => {
  const { fake, account: creator, user } = await start();
  const media = fake.addMedia(creator, { type: 'REELS' });
  const write = (text: string, parentId?: string) =>
    fake.comment({ account: creator, media, user, text, announce: false, ...(parentId && { parentId }) });
  const ids = new Set<string>();
  for (let i = 0; i < 120; i += 1) {
    const top = await write(`comment ${i}`);
    ids.add(top.id);
    // Of the 7th and the 60th there are more than come along, of the latter more than a page.
    for (let j = 0; j < (i === 7 ? 15 : i === 60 ? 75 : 0); j += 1)
      ids.add((await write('reply', top.id)).id);
  }
  const real = createInstagramAdapter({ appSecrets: [], verifyToken: undefined, graphUrl: fake.graphUrl });
  const sender = { externalId: creator.id, credentials: creator };
  expect(await real.listPosts(sender, null)).toMatchObject({ items: [{ id: media.id, comments: ids.size }] });
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await real.listComments(sender, media.id, cursor);
    if (page.kind !== 'page') throw new Error(`${page.kind}: ${page.detail}`);
    seen.push(...page.items.map(({ event }) => event.commentId));
    cursor = page.cursor;
  } while (cursor !== null);
  await real.close();
  expect(seen).toHaveLength(ids.size);
  expect(new Set(seen)).toEqual(ids);
});
