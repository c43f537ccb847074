import { describe, expect, it } from 'vitest';
import type { ListedComment, Listing, PlatformAdapter } from '../../src/platforms/port.ts';
import { useBackfillStage } from '../support/back-fill-stage.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const stage = useBackfillStage();
const { fairdrop, write, writeMany, start, read, move, finish, answers, expectExactSum } = stage;

/** An adapter whose next list of comments comes only when it is let through. */
function heldBack() {
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const adapter = (real: PlatformAdapter): PlatformAdapter => ({
    ...real,
    async listComments(...args): Promise<Listing<ListedComment>> {
      const page = await real.listComments(...args);
      asked.resolve();
      await released.promise;
      return page;
    },
  });
  return { adapter, asked: asked.promise, release: () => released.resolve() };
}

describe('a walk', () => {
  it('reads 1,000 and more comments page by page, and each is answered once', async () => {
    const comments = await writeMany(1_020);
    const done = await finish((await start()).id);
    expect(done).toMatchObject({
      state: 'done',
      progress: { posts: 1, pages: 22, found: 1_020, new: 1_020, matched: 1_020, skipped: {} },
    });
    await fairdrop.round();
    expect(answers(comments)).toEqual({ 1: 1_020 });
    await expectExactSum();
  });

  it('is taken over where a dead worker left it, and what that one still wanted to write does not count', async () => {
    const comments = await writeMany(130);
    const { id } = await start();
    // The posts, and the first page of comments.
    await fairdrop.round();
    await fairdrop.round();
    const before = await read(id);
    expect(before.progress.found).toBe(50);

    const dying = heldBack();
    const tick = fairdrop.backfiller(dying.adapter).tick();
    await dying.asked;
    await fairdrop.round();
    // Its lease holds: nobody else touches the walk.
    expect(await read(id)).toEqual(before);
    fairdrop.later(3 * minuteMs);
    const done = await finish(id);
    expect(done).toMatchObject({
      state: 'done',
      progress: { pages: 4, found: 130, matched: 130, alreadyAnswered: 0 },
    });
    dying.release();
    await tick;
    expect(fairdrop.walks.at(-1)).toMatchObject({ backfillId: id, state: 'taken_over' });
    expect(await read(id)).toEqual(done);
    await fairdrop.round();
    expect(answers(comments)).toEqual({ 1: 130 });
    await expectExactSum();
  });

  it('loses and doubles nothing when the page was read but not stored', async () => {
    const comments = await writeMany(20);
    const { id } = await start();
    await fairdrop.round();
    // The commit fails at its very end.
    await fairdrop.query(`
      create function walk_refused() returns trigger language plpgsql as $$
      begin
        if new.position <> old.position then raise exception 'refused'; end if;
        return new;
      end $$`);
    await fairdrop.query(
      'create trigger walk_refused before update on backfills for each row execute function walk_refused()',
    );
    const errors: unknown[] = [];
    await fairdrop.backfiller(undefined, (error) => errors.push(error)).tick();
    await fairdrop.query('drop function walk_refused cascade');
    expect(errors).toHaveLength(1);
    expect(await fairdrop.query('select 1 from events where account_id = $1', [stage.accountId])).toEqual([]);
    expect(await read(id)).toMatchObject({ state: 'running', progress: { found: 0 } });
    expect(await finish(id)).toMatchObject({ state: 'done', progress: { found: 20, matched: 20 } });
    await fairdrop.round();
    expect(answers(comments)).toEqual({ 1: 20 });
  });

  it('gives one message for a comment that webhooks and several back-fills find at the same time', async () => {
    const skipped = await Promise.all(Array.from({ length: 30 }, () => write('roadmap', { announce: true })));
    const [trigger] = await fairdrop.query('select id from triggers where account_id = $1', [
      stage.accountId,
    ]);
    await fairdrop.client.patch(`/v1/triggers/${trigger?.id}`, { keywords: ['guide', 'roadmap'] });
    const fresh = await writeMany(60);
    const walks = await Promise.all([start(), start(), start()]);
    const workers = Array.from({ length: 3 }, () => fairdrop.backfiller());
    for (let i = 0; i < 12; i += 1) {
      await Promise.all([
        ...workers.map((worker) => worker.tick()),
        ...(i === 1 ? [fresh, skipped].flat().map((comment) => fairdrop.instagram.redeliver(comment)) : []),
      ]);
      fairdrop.later(1_000);
    }
    const states = await Promise.all(walks.map(({ id }) => read(id)));
    expect(states.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
    // What matched among the skipped is counted by one of them; of the others the webhooks took some.
    expect(states.map(({ progress }) => progress.found)).toEqual([90, 90, 90]);
    await fairdrop.round();
    await fairdrop.round();
    expect(answers([...skipped, ...fresh])).toEqual({ 1: 90 });
    const [{ matched } = {}] = await fairdrop.query(
      `select count(*)::int as matched from ledger_entries where account_id = $1 and kind = 'comment.matched'`,
      [stage.accountId],
    );
    expect(matched).toBe(90);
    await expectExactSum();
  });
});

describe('a person', () => {
  it('pauses a back-fill, also while a page is read, resumes it where it was, and stops it for good', async () => {
    const comments = await writeMany(220);
    const { id } = await start();
    await fairdrop.round();
    const reading = heldBack();
    const tick = fairdrop.backfiller(reading.adapter).tick();
    await reading.asked;
    expect(await move(id, 'pause')).toMatchObject({ state: 'paused' });
    reading.release();
    await tick;
    const paused = await read(id);
    expect(paused).toMatchObject({ state: 'paused', progress: { found: 50 } });
    await fairdrop.run(hourMs, 20 * minuteMs);
    expect(await read(id)).toEqual(paused);
    expect(await move(id, 'pause')).toMatchObject({ state: 'paused' });

    await move(id, 'resume');
    await fairdrop.round();
    await fairdrop.round();
    expect(await move(id, 'stop')).toMatchObject({ state: 'stopped', progress: { found: 150 } });
    await fairdrop.run(hourMs, 20 * minuteMs);
    // What was found is answered, the rest is left alone.
    expect(answers(comments)).toEqual({ 0: 70, 1: 150 });
    await expect(move(id, 'resume')).rejects.toThrow('backfill_not_movable');
    await expect(move(id, 'pause')).rejects.toThrow('backfill_not_movable');
  });
});

describe('the platform', () => {
  it('is left alone as long as it says when it is too much for it', async () => {
    const comments = await writeMany(60);
    const { id } = await start();
    await fairdrop.round();
    fairdrop.instagram.failNext(
      { type: 'throttle', minutes: 20 },
      { account: stage.account, kind: 'comment' },
    );
    await fairdrop.round();
    const waiting = await read(id);
    expect(waiting).toMatchObject({
      state: 'running',
      reason: 'throttled',
      waitsFor: 'turn',
      progress: { found: 0 },
    });
    expect(new Date(String(waiting.nextAt)).getTime() - fairdrop.now.getTime()).toBe(20 * minuteMs);
    const requests = fairdrop.instagram.requests;
    await fairdrop.run(18 * minuteMs, 2 * minuteMs);
    expect(fairdrop.instagram.requests).toBe(requests);
    expect(await finish(id)).toMatchObject({ state: 'done', reason: null, progress: { matched: 60 } });
    await fairdrop.round();
    expect(answers(comments)).toEqual({ 1: 60 });
  });

  it('is asked no faster than the account’s pace, and not at all while sending has to rest', async () => {
    await fairdrop.client.patch(`/v1/accounts/${stage.accountId}`, {
      pacing: { listing: { perHour: 60, burst: 2 } },
    });
    await writeMany(240);
    const { id } = await start();
    await fairdrop.round();
    await fairdrop.round();
    expect((await read(id)).progress.pages).toBe(2);
    await fairdrop.run(2 * minuteMs, 10_000);
    expect((await read(id)).progress.pages).toBe(4);
    await fairdrop.query(
      `update account_paces set rest_until = $2 where account_id = $1 and pace = 'private_reply'`,
      [stage.accountId, new Date(fairdrop.now.getTime() + 30 * minuteMs)],
    );
    await fairdrop.run(29 * minuteMs, minuteMs);
    expect(await read(id)).toMatchObject({ waitsFor: 'turn', progress: { pages: 4 } });
    expect(await finish(id)).toMatchObject({ state: 'done', progress: { found: 240 } });
  });

  it('that takes the account’s token pauses the account, and the walk goes on once there is a new one', async () => {
    const comments = await writeMany(10);
    const { id } = await start();
    await fairdrop.round();
    fairdrop.instagram.expireToken(stage.account);
    await fairdrop.round();
    expect(await read(id)).toMatchObject({ state: 'running', reason: 'token_invalid', waitsFor: 'account' });
    expect(await fairdrop.client.get(`/v1/accounts/${stage.accountId}`)).toMatchObject({
      state: 'paused',
      stateReason: 'token_invalid',
    });
    const alerts = await fairdrop.client.list<{ kind: string }>(`/v1/alerts?accountId=${stage.accountId}`);
    expect(alerts.map(({ kind }) => kind)).toEqual(['account_paused']);
    await fairdrop.run(10 * minuteMs, 5 * minuteMs);
    await fairdrop.client.patch(`/v1/accounts/${stage.accountId}`, {
      accessToken: fairdrop.instagram.issueToken(stage.account),
      state: 'active',
    });
    expect(await finish(id)).toMatchObject({ state: 'done', reason: null, progress: { matched: 10 } });
    await fairdrop.round();
    expect(answers(comments)).toEqual({ 1: 10 });
  });

  it('that misses a permission ends the walk, not the account, until a person resumes it', async () => {
    await writeMany(1);
    const { id } = await start();
    fairdrop.instagram.failNext({ type: 'error', code: 10 }, { account: stage.account });
    expect(await finish(id)).toMatchObject({
      state: 'failed',
      reason: 'not_permitted',
      detail: expect.stringContaining('10'),
    });
    expect(await fairdrop.client.get(`/v1/accounts/${stage.accountId}`)).toMatchObject({ state: 'active' });
    await move(id, 'resume');
    expect(await finish(id)).toMatchObject({ state: 'done', progress: { matched: 1 } });
  });

  it('that answers nonsense or nothing is asked again, less and less often, and not for ever', async () => {
    const comments = await writeMany(3);
    const { id } = await start();
    fairdrop.instagram.failNext({ type: 'garbage' }, { account: stage.account });
    fairdrop.instagram.failNext({ type: 'reset_before_accept' }, { account: stage.account, kind: 'comment' });
    fairdrop.instagram.failNext({ type: 'accept_then_500' }, { account: stage.account, kind: 'comment' });
    fairdrop.instagram.failNext(
      { type: 'accept_then_timeout', holdMs: 100 },
      { account: stage.account, kind: 'comment' },
    );
    expect(await finish(id)).toMatchObject({ state: 'done', reason: null, progress: { matched: 3 } });
    await fairdrop.round();
    expect(answers(comments)).toEqual({ 1: 3 });

    const hopeless = await start();
    fairdrop.instagram.failNext(
      { type: 'garbage' },
      { account: stage.account, times: Number.POSITIVE_INFINITY },
    );
    const requests = fairdrop.instagram.requests;
    const failed = await finish(hopeless.id, 300);
    expect(failed).toMatchObject({ state: 'failed', reason: 'platform_unavailable' });
    expect(fairdrop.instagram.requests - requests).toBe(8);
    fairdrop.instagram.clearFaults();
    await move(hopeless.id, 'resume');
    expect(await finish(hopeless.id)).toMatchObject({ state: 'done', progress: { alreadyAnswered: 3 } });
  });

  it('that no longer knows a cursor is read from the beginning of the post', async () => {
    const comments = await writeMany(70);
    const { id } = await start();
    await fairdrop.round();
    await fairdrop.round();
    fairdrop.instagram.failNext(
      { type: 'error', code: 100, message: 'Invalid cursors values' },
      { account: stage.account, kind: 'comment' },
    );
    const done = await finish(id);
    expect(done).toMatchObject({
      state: 'done',
      progress: { posts: 1, matched: 70, alreadyAnswered: 50, found: 120 },
    });
    await fairdrop.round();
    expect(answers(comments)).toEqual({ 1: 70 });
  });
});
