import { describe, expect, it } from 'vitest';
import type { FakeComment } from '../../fakes/instagram/index.ts';
import type { Progress } from '../../src/backfill/progress.ts';
import { useBackfillStage } from '../support/back-fill-stage.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const stage = useBackfillStage();
const { fairdrop, write, start, finish, eventOf, answers, expectExactSum } = stage;
let users = 0;

interface Preview {
  complete: boolean;
  progress: Progress;
  samples: { fate: string; reason: string | null; text: string; keyword: string | null }[];
  answers: { lastAt: string | null; tooLate: number };
}

const preview = (more: object = {}) =>
  fairdrop.client.post<Preview>('/v1/backfills/preview', { accountId: stage.accountId, ...more });

describe('a back-fill', () => {
  it('answers comments that no webhook told of, and says of the others why not', async () => {
    const wanted = [await write(), await write('GUIDE!')];
    await write('nice');
    const top = await write('nice too');
    await write('guide', { parentId: top.id });
    await write('guide', { user: stage.account });
    const hidden = await write();
    fairdrop.instagram.hideComment(hidden);
    const done = await finish((await start()).id);
    expect(done).toMatchObject({
      state: 'done',
      progress: {
        posts: 1,
        found: 7,
        new: 6,
        matched: 2,
        reconsidered: 0,
        alreadyAnswered: 0,
        skipped: { keyword_absent: 2, replies_not_wanted: 1, own_comment: 1, hidden_comment: 1 },
      },
    });
    await fairdrop.round();
    for (const comment of wanted) expect(answers([comment])).toEqual({ 1: 1 });
    expect(answers([hidden])).toEqual({ 0: 1 });
    expect(await eventOf(hidden)).toMatchObject({ outcome: 'skipped', reason: 'hidden_comment' });
    const explained = await fairdrop.client.get<{ summary: string }>(
      `/v1/events/${(await eventOf(wanted[0] as FakeComment))?.id}/explain`,
    );
    expect(explained.summary).toContain('No webhook had told of it');
    await expectExactSum();
  });

  it('decides again about comments that were skipped when they came, and the event tells both', async () => {
    const early = await write('roadmap please', { announce: true });
    expect(await eventOf(early)).toMatchObject({ outcome: 'skipped', reason: 'keyword_absent' });
    const before = await fairdrop.client.get<Record<string, number>>('/v1/stats');
    await fairdrop.client.patch(`/v1/triggers/${stage.triggerId}`, { keywords: ['guide', 'roadmap'] });
    const done = await finish((await start()).id);
    expect(done.progress).toMatchObject({ found: 1, new: 0, matched: 1, reconsidered: 1, skipped: {} });
    await fairdrop.round();
    expect(answers([early])).toEqual({ 1: 1 });
    const event = await eventOf(early);
    expect(event).toMatchObject({ outcome: 'matched', reason: 'trigger_matched', times_received: 1 });
    const explained = await fairdrop.client.get<{
      summary: string;
      ledger: { kind: string; detail: object }[];
    }>(`/v1/events/${event?.id}/explain`);
    expect(explained.summary).toContain(
      'It was skipped when it came (keyword_absent), and matched by a back-fill',
    );
    expect(explained.ledger.map(({ kind }) => kind)).toEqual([
      'event.reconsidered',
      'comment.matched',
      'payment.made',
      'message.sent',
      'resource.given',
    ]);
    expect(explained.ledger[0]?.detail).toEqual({
      by: 'backfill',
      backfillId: done.id,
      was: 'keyword_absent',
    });
    const after = await fairdrop.client.get<Record<string, number>>('/v1/stats');
    expect([after.received, after.skipped]).toEqual([before.received, Number(before.skipped) - 1]);
    await expectExactSum();
  });

  it('takes over comments that came before their account was connected', async () => {
    await fairdrop.client.patch(`/v1/accounts/${stage.accountId}`, { state: 'active' });
    await stage.disconnect();
    const early = await write('guide', { announce: true });
    expect(await eventOf(early)).toMatchObject({ reason: 'unknown_account', workspace_id: null });
    await fairdrop.client.post('/v1/accounts', {
      platform: 'instagram',
      accessToken: stage.account.accessToken,
    });
    expect((await finish((await start()).id)).progress).toMatchObject({ matched: 1, reconsidered: 1 });
    await fairdrop.round();
    expect(answers([early])).toEqual({ 1: 1 });
    expect(await eventOf(early)).toMatchObject({ account_id: stage.accountId, outcome: 'matched' });
    await expectExactSum();
  });

  it('serves nobody twice: not what was answered, not the same person, not when it is run again', async () => {
    const answered = await write('guide', { announce: true });
    await fairdrop.round();
    const user = fairdrop.instagram.addUser({ username: `reader${users++}` });
    const twice = [await write('guide', { user }), await write('guide', { user })];
    const first = await finish((await start()).id);
    expect(first.progress).toMatchObject({
      found: 3,
      matched: 1,
      alreadyAnswered: 1,
      skipped: { already_served: 1 },
    });
    const second = await finish((await start()).id);
    expect(second.progress).toMatchObject({ found: 3, new: 0, matched: 0, alreadyAnswered: 3, skipped: {} });
    await fairdrop.round();
    expect(answers([answered])).toEqual({ 1: 1 });
    expect(answers(twice)).toEqual({ 0: 1, 1: 1 });
    await expectExactSum();
  });

  it('for one trigger leaves alone what another one answers', async () => {
    const [resource] = await fairdrop.query(
      'select resource_id from trigger_versions where trigger_id = $1',
      [stage.triggerId],
    );
    const other = await fairdrop.client.post<{ id: string }>('/v1/triggers', {
      accountId: stage.accountId,
      resourceId: resource?.resource_id,
      name: 'Checklist',
      keywords: ['checklist'],
      dmTemplates: [{ text: '{{ resource.url }}' }],
    });
    const [guide, checklist] = [await write('guide'), await write('checklist')];
    const done = await finish((await start({ triggerId: other.id })).id);
    expect(done.progress).toMatchObject({ found: 2, matched: 1, skipped: { other_trigger: 1 } });
    await fairdrop.round();
    expect([answers([guide]), answers([checklist])]).toEqual([{ 0: 1 }, { 1: 1 }]);
    // It was not even noted, so a back-fill for all finds it.
    expect(await eventOf(guide)).toBeUndefined();
    expect((await finish((await start()).id)).progress).toMatchObject({ matched: 1, alreadyAnswered: 1 });
  });

  it('does not look beyond what can be answered, and leaves alone what became too old', async () => {
    const at = (ageMs: number) => ({ createdAt: new Date(fairdrop.now.getTime() - ageMs) });
    const old = await write('guide', at(8 * dayMs));
    const nearly = await write('guide', at(7 * dayMs - 12 * minuteMs));
    const fresh = await write('guide', at(6 * dayMs));
    const backfill = await start({ since: '2020-01-01T00:00:00.000Z' });
    fairdrop.later(5 * minuteMs);
    expect((await finish(backfill.id)).progress).toMatchObject({
      found: 2,
      matched: 1,
      skipped: { window_over: 1 },
    });
    await fairdrop.round();
    expect([answers([old, nearly]), answers([fresh])]).toEqual([{ 0: 2 }, { 1: 1 }]);
  });

  it('reads the posts that are named, or that the trigger counts on, and passes over those it is not shown', async () => {
    const elsewhere = fairdrop.instagram.addMedia(stage.account, { type: 'FEED' });
    const here = await write();
    const there = await write('guide', { media: elsewhere });
    const named = await finish((await start({ mediaIds: ['17999', elsewhere.id] })).id);
    expect(named).toMatchObject({ state: 'done', progress: { posts: 1, postsRefused: 1, matched: 1 } });
    await fairdrop.client.patch(`/v1/triggers/${stage.triggerId}`, { mediaIds: [stage.media.id] });
    const own = await finish((await start({ triggerId: stage.triggerId })).id);
    expect(own).toMatchObject({
      mediaIds: [stage.media.id],
      progress: { posts: 1, postsRefused: 0, matched: 1 },
    });
    await fairdrop.round();
    expect(answers([here, there])).toEqual({ 1: 2 });
  });
});

describe('a preview', () => {
  it('says what the back-fill then does, and stores nothing', async () => {
    const user = fairdrop.instagram.addUser({ username: `reader${users++}` });
    await write('roadmap', { announce: true });
    await write('guide', { announce: true });
    await fairdrop.client.patch(`/v1/triggers/${stage.triggerId}`, { keywords: ['guide', 'roadmap'] });
    // Two pages, with the same person on both of them.
    await write('guide', { user });
    for (let i = 0; i < 60; i += 1) await write(i % 3 ? 'guide' : 'nice');
    await write('guide', { user });
    await fairdrop.round();
    const tables = [
      'events',
      'contacts',
      'deliveries',
      'messages',
      'ledger_entries',
      'servings',
      'backfills',
    ];
    const size = async () =>
      (
        await fairdrop.query(`select ${tables.map((t) => `(select count(*) from ${t}) as ${t}`).join(', ')}`)
      )[0];
    const before = await size();
    const sent = fairdrop.instagram.sent.length;
    const seen = await preview();
    await fairdrop.round();
    expect(await size()).toEqual(before);
    expect(fairdrop.instagram.sent).toHaveLength(sent);
    expect(seen).toMatchObject({
      complete: true,
      progress: {
        found: 64,
        new: 62,
        matched: 42,
        reconsidered: 1,
        alreadyAnswered: 1,
        skipped: { keyword_absent: 20, already_served: 1 },
      },
    });
    expect(seen.samples.filter(({ fate }) => fate === 'matched')).toHaveLength(5);
    expect(seen.samples).toContainEqual(
      expect.objectContaining({ fate: 'skipped', reason: 'keyword_absent', text: 'nice' }),
    );
    const done = await finish((await start()).id);
    expect(done.progress).toEqual(seen.progress);
  });

  it('knows how often a trigger is given at most, as the back-fill does', async () => {
    await fairdrop.client.patch(`/v1/triggers/${stage.triggerId}`, { maxDeliveries: 2 });
    for (let i = 0; i < 4; i += 1) await write();
    const counts = { found: 4, matched: 2, skipped: { sold_out: 2 } };
    expect((await preview()).progress).toMatchObject(counts);
    expect((await finish((await start()).id)).progress).toMatchObject(counts);
    expect((await preview()).progress).toMatchObject({ matched: 0, alreadyAnswered: 4 });
    await expectExactSum();
  });

  it('foresees how long the answers would take at the account’s pace, and what would come too late', async () => {
    await fairdrop.client.patch(`/v1/accounts/${stage.accountId}`, {
      pacing: { private_reply: { perHour: 10, burst: 5 } },
    });
    const createdAt = new Date(fairdrop.now.getTime() - 7 * dayMs + 2 * hourMs);
    for (let i = 0; i < 35; i += 1) await write('guide', { createdAt });
    const { answers } = await preview();
    expect(new Date(String(answers.lastAt)).getTime() - fairdrop.now.getTime()).toBe(3 * hourMs);
    // 5 at once, then one each six minutes, for an hour and 50 minutes.
    expect(answers.tooLate).toBe(35 - (5 + 18));
  });

  it('reads no faster than the account may, and says that it stopped', async () => {
    await fairdrop.client.patch(`/v1/accounts/${stage.accountId}`, {
      pacing: { listing: { perHour: 10, burst: 2 } },
    });
    for (let i = 0; i < 120; i += 1) await write();
    expect(await preview()).toMatchObject({ complete: false, progress: { pages: 2, found: 50 } });
  });

  it('has words for what the platform refuses', async () => {
    fairdrop.instagram.failNext({ type: 'garbage' }, { account: stage.account });
    await expect(preview()).rejects.toThrow('502');
    fairdrop.instagram.expireToken(stage.account);
    await expect(preview()).rejects.toThrow('account_refused');
  });
});

describe('another workspace', () => {
  it('keeps its events: what came while the account was connected there is left alone', async () => {
    const comment = await write('nice guide', { announce: true });
    await fairdrop.query('delete from deliveries where account_id = $1', [stage.accountId]);
    await fairdrop.query('delete from messages where account_id = $1', [stage.accountId]);
    const theirs = {
      outcome: 'skipped',
      reason: 'no_trigger',
      workspace_id: '01890000-0000-7000-8000-000000000000',
    };
    await fairdrop.query(
      'update events set outcome = $2, reason = $3, workspace_id = $4, contact_id = null where external_id = $1',
      [comment.id, ...Object.values(theirs)],
    );
    const done = await finish((await start()).id);
    expect(done.progress).toMatchObject({ found: 1, new: 0, matched: 0, skipped: { other_workspace: 1 } });
    expect(await eventOf(comment)).toMatchObject(theirs);
    expect(answers([comment])).toEqual({ 0: 1 });
    await fairdrop.query('delete from events where external_id = $1', [comment.id]);
  });
});

describe('what can be asked', () => {
  it('is refused with a code where it could lead to nothing', async () => {
    const stranger = '01890000-0000-7000-8000-000000000000';
    await expect(start({ accountId: stranger })).rejects.toThrow('account_unknown');
    await expect(start({ triggerId: stranger })).rejects.toThrow('trigger_unknown');
    await fairdrop.client.patch(`/v1/triggers/${stage.triggerId}`, { state: 'paused' });
    await expect(preview({ triggerId: stage.triggerId })).rejects.toThrow('trigger_not_active');
    await stage.disconnect();
    await expect(start()).rejects.toThrow('account_disconnected');
  });

  it('may be nonsense, which the platform does not know', async () => {
    const done = await finish((await start({ mediaIds: ['..', 'a/b', '🎁', '..'] })).id);
    expect(done).toMatchObject({ state: 'done', progress: { posts: 0, postsRefused: 3, found: 0 } });
    for (const more of [
      { mediaIds: [''] },
      { mediaIds: ['\0'] },
      { latestPosts: 0 },
      { since: 'yesterday' },
      { all: 1 },
    ]) {
      await expect(start(more)).rejects.toThrow('422');
      await expect(preview(more)).rejects.toThrow('422');
    }
  });
});
