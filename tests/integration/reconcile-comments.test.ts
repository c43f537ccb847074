import { describe, expect, it } from 'vitest';
import { type Backfill, useBackfillStage } from '../support/back-fill-stage.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const stage = useBackfillStage();
const { fairdrop, connect, write, writeMany, move, answers, expectExactSum } = stage;

describe('an account that is looked through by itself', () => {
  const look = async () =>
    (
      await fairdrop.client.list<Backfill>(`/v1/backfills?kind=reconcile&accountId=${stage.accountId}`)
    )[0] as Backfill;

  it('has comments answered that no webhook told of, tells its owner, and is quiet when they come again', async () => {
    await connect({ reconcileEvery: 15 });
    const before = await write('guide', { createdAt: new Date(fairdrop.now.getTime() - hourMs) });
    await fairdrop.run(20 * minuteMs, 5 * minuteMs);
    // What came before is no business of it.
    expect(await look()).toMatchObject({ state: 'running', missed: 0, progress: { found: 0 } });
    const missed = await writeMany(3);
    await write('nice');
    await fairdrop.run(8 * minuteMs, 4 * minuteMs);
    const told = await write('guide', { announce: true });
    await fairdrop.run(15 * minuteMs, 5 * minuteMs);
    expect(answers([...missed, told])).toEqual({ 1: 4 });
    expect(answers([before])).toEqual({ 0: 1 });
    expect(await look()).toMatchObject({ missed: 4 });
    await fairdrop.round();
    const alerts = await fairdrop.client.list<{ kind: string; detail: object }>(
      `/v1/alerts?accountId=${stage.accountId}`,
    );
    expect(alerts).toMatchObject([{ kind: 'webhooks_missing', detail: { comments: 4 } }]);

    await write('guide', { announce: true });
    await fairdrop.run(30 * minuteMs, 5 * minuteMs);
    expect((await look()).missed).toBe(0);
    expect(await fairdrop.client.list(`/v1/alerts?accountId=${stage.accountId}`)).toEqual([]);
    await expectExactSum();
  });

  it('leaves alone what was skipped when it came, and writes nothing about what is known', async () => {
    await connect({ reconcileEvery: 15 });
    const skipped = await write('roadmap', { announce: true });
    const [trigger] = await fairdrop.query('select id from triggers where account_id = $1', [
      stage.accountId,
    ]);
    await fairdrop.client.patch(`/v1/triggers/${trigger?.id}`, { keywords: ['roadmap'] });
    await fairdrop.run(50 * minuteMs, 5 * minuteMs);
    expect(answers([skipped])).toEqual({ 0: 1 });
    const [event] = await fairdrop.query('select * from events where external_id = $1', [skipped.id]);
    expect(event).toMatchObject({ outcome: 'skipped', times_received: 1 });
  });

  it('goes on after trouble with its next round, from as far back', async () => {
    await connect({ reconcileEvery: 15 });
    await fairdrop.run(20 * minuteMs, 5 * minuteMs);
    const comments = await writeMany(2);
    fairdrop.instagram.failNext({ type: 'error', code: 10 }, { account: stage.account });
    await fairdrop.run(15 * minuteMs, 5 * minuteMs);
    expect(await look()).toMatchObject({ state: 'running', reason: 'not_permitted' });
    await fairdrop.run(20 * minuteMs, 5 * minuteMs);
    expect(await look()).toMatchObject({ state: 'running', reason: null });
    expect(answers(comments)).toEqual({ 1: 2 });
  });

  it('is a setting of the account, and no back-fill to be paused', async () => {
    await expect(connect({ reconcileEvery: 5 })).rejects.toThrow('422');
    await connect({ reconcileEvery: 60 });
    expect(await fairdrop.client.get(`/v1/accounts/${stage.accountId}`)).toMatchObject({
      reconcileEvery: 60,
    });
    const { id } = await look();
    await expect(move(id, 'stop')).rejects.toThrow('backfill_is_setting');
    expect(await fairdrop.client.list(`/v1/backfills?accountId=${stage.accountId}`)).toEqual([]);
    await fairdrop.client.patch(`/v1/accounts/${stage.accountId}`, { reconcileEvery: null });
    expect(await look()).toMatchObject({ id, state: 'stopped', waitsFor: null });
    const requests = fairdrop.instagram.requests;
    await fairdrop.run(3 * hourMs, hourMs);
    expect(fairdrop.instagram.requests).toBe(requests);
    await fairdrop.client.patch(`/v1/accounts/${stage.accountId}`, { reconcileEvery: 30 });
    expect(await look()).toMatchObject({ id, state: 'running' });
  });
});
