import { beforeEach, describe, expect, it } from 'vitest';
import type { FakeAccount } from '../../fakes/instagram/index.ts';
import { useVirtualFairdrop } from '../support/virtual.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const fairdrop = useVirtualFairdrop({ sendEchoes: false });
let account: FakeAccount;
let users = 0;

interface Delivery {
  id: string;
  state: string;
  run: number;
  replayOfId: string | null;
  replayedAt: string | null;
  messages: { kind: string; state: string }[];
}

beforeEach(async () => {
  account = await fairdrop.openStudio({ publicReplies: [{ text: 'Sent!' }] });
});

/** A comment whose private reply is refused for good. */
async function fail() {
  const user = fairdrop.instagram.addUser({ username: `unlucky${users++}` });
  fairdrop.instagram.failNext({ type: 'error', code: 551 }, { account, kind: 'private_reply' });
  const comment = await fairdrop.instagram.comment({ account, user, text: 'guide' });
  await fairdrop.round();
  const [row] = await fairdrop.query(
    `select d.id, d.event_id from deliveries d join events e on e.id = d.event_id where e.external_id = $1`,
    [comment.id],
  );
  return { user, comment, id: String(row?.id), eventId: String(row?.event_id) };
}

const replay = (id: string) => fairdrop.client.post<Delivery>(`/v1/deliveries/${id}/replay`);
const sentFor = (commentId: string) =>
  fairdrop.instagram.sent.filter((sent) => sent.commentId === commentId).map(({ kind }) => kind);

describe('a delivery that failed', () => {
  it('is begun anew in a row of its own that is linked to the old one, and counts once', async () => {
    const { id, comment, eventId } = await fail();
    const before = await fairdrop.client.get<{ received: number; failed: number }>('/v1/stats');
    const begun = await replay(id);
    expect(begun).toMatchObject({
      state: 'waiting',
      run: 2,
      replayOfId: id,
      messages: [{ kind: 'private_reply' }, { kind: 'public_reply', state: 'held' }],
    });
    await fairdrop.round();
    await fairdrop.round();
    expect(sentFor(comment.id)).toEqual(['private_reply', 'public_reply']);
    expect(await fairdrop.client.get(`/v1/deliveries/${begun.id}`)).toMatchObject({ state: 'delivered' });
    expect(await fairdrop.client.get(`/v1/deliveries/${id}`)).toMatchObject({ state: 'failed' });
    const after = await fairdrop.client.get<Record<string, number>>('/v1/stats');
    expect(after).toMatchObject({ received: before.received, failed: before.failed - 1 });
    const explained = await fairdrop.client.get<{ delivery: Delivery }>(`/v1/events/${eventId}/explain`);
    expect(explained.delivery.id).toBe(begun.id);
  });

  it('is replayed once, also when many ask at the same time', async () => {
    const { id, comment } = await fail();
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => replay(id)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await fairdrop.round();
    expect(sentFor(comment.id).filter((kind) => kind === 'private_reply')).toHaveLength(1);
    await expect(replay(id)).rejects.toThrow('delivery_not_replayable');
  });

  it('uses the trigger as it is today', async () => {
    const { id, comment } = await fail();
    const [{ trigger_id: triggerId } = {}] = await fairdrop.query(
      'select trigger_id from deliveries where id = $1',
      [id],
    );
    await fairdrop.client.patch(`/v1/triggers/${triggerId}`, {
      dmTemplates: [{ text: 'Mended: {{ resource.url }}' }],
    });
    await replay(id);
    await fairdrop.round();
    const [sent] = fairdrop.instagram.sent.filter((each) => each.commentId === comment.id);
    expect(sent?.text).toMatch(/^Mended: /);
  });

  it('lets the person ask again, and is not replayed on top of that', async () => {
    const { id, user } = await fail();
    await fairdrop.instagram.comment({ account, user, text: 'guide' });
    await fairdrop.round();
    await expect(replay(id)).rejects.toThrow('served through another comment');
  });

  it('is not replayed once it was', async () => {
    const { id } = await fail();
    const begun = await replay(id);
    await fairdrop.round();
    await expect(replay(begun.id)).rejects.toThrow('delivery_not_replayable');
  });
});

describe('a delivery whose comment can no longer be answered', () => {
  it('goes into the conversation that the person has opened', async () => {
    const { id, user } = await fail();
    fairdrop.later(8 * dayMs);
    await expect(replay(id)).rejects.toThrow('no conversation with this person is open');

    // A first answer taught us the id for messages; then the person writes.
    await fairdrop.query('update contacts set messaging_id = $1 where username = $2', [
      fairdrop.instagram.messagingIdOf(account, user),
      user.username,
    ]);
    await fairdrop.instagram.userSends({ account, user, text: 'hello?' });
    const begun = await replay(id);
    expect(begun.messages).toMatchObject([{ kind: 'direct_message' }]);
    await fairdrop.round();
    expect(fairdrop.instagram.sent.filter(({ kind }) => kind === 'dm')).toHaveLength(1);
    expect(await fairdrop.client.get(`/v1/deliveries/${begun.id}`)).toMatchObject({ state: 'delivered' });
  });

  it('is not sent into a conversation that has closed meanwhile', async () => {
    const { id, user } = await fail();
    await fairdrop.query('update contacts set messaging_id = $1 where username = $2', [
      fairdrop.instagram.messagingIdOf(account, user),
      user.username,
    ]);
    fairdrop.later(8 * dayMs);
    await fairdrop.instagram.userSends({ account, user, text: 'hello?' });
    const sent = fairdrop.instagram.sent.length;
    const begun = await replay(id);
    fairdrop.later(25 * 60 * minuteMs);
    await fairdrop.round();
    expect(fairdrop.instagram.sent).toHaveLength(sent);
    expect(await fairdrop.client.get(`/v1/deliveries/${begun.id}`)).toMatchObject({
      state: 'expired',
      reason: 'window_closed',
    });
  });
});

describe('a replay', () => {
  it('has no public reply beyond the budget of its post', async () => {
    const [connected] = await fairdrop.client.list<{ id: string }>('/v1/accounts');
    await fairdrop.client.patch(`/v1/accounts/${connected?.id}`, { publicRepliesPerPost: 1 });
    const failures = [await fail(), await fail(), await fail()];
    for (const { id } of failures) await replay(id);
    await fairdrop.round();
    await fairdrop.round();
    const kinds = failures.flatMap(({ comment }) => sentFor(comment.id));
    expect(kinds.filter((kind) => kind === 'private_reply')).toHaveLength(3);
    expect(kinds.filter((kind) => kind === 'public_reply')).toHaveLength(1);
  });
});

describe('many deliveries', () => {
  interface Report {
    replayed: { id: string | null; replayOfId: string }[];
    refused: unknown[];
    more: boolean;
  }

  it('are replayed by filter, after a dry run that changes nothing', async () => {
    const failures = [await fail(), await fail(), await fail()];
    const [{ account_id: accountId } = {}] = await fairdrop.query(
      'select account_id from deliveries where id = $1',
      [failures[0]?.id],
    );
    const filter = { accountId, reason: 'recipient_unavailable' };
    const rehearsed = await fairdrop.client.post<Report>('/v1/deliveries/replay', filter);
    expect(rehearsed).toMatchObject({ dryRun: true, refused: [], more: false });
    expect(rehearsed.replayed).toEqual(failures.map(({ id }) => ({ id: null, replayOfId: id })));

    const [first, second] = [
      await fairdrop.client.post<Report>('/v1/deliveries/replay', { ...filter, dryRun: false, limit: 2 }),
      await fairdrop.client.post<Report>('/v1/deliveries/replay', { ...filter, dryRun: false, limit: 2 }),
    ];
    expect([first.replayed.length, first.more, second.replayed.length, second.more]).toEqual([
      2,
      true,
      1,
      false,
    ]);
    await fairdrop.round();
    for (const { comment } of failures) expect(sentFor(comment.id)).toContain('private_reply');
  });
});
