import { describe, expect, it } from 'vitest';
import type { FakeAccount, FakeMedia, FakeUser } from '../../fakes/instagram/index.ts';
import { useVirtualFairdrop } from '../support/virtual.ts';

const dayMs = 24 * 60 * 60_000;
const fairdrop = useVirtualFairdrop({ sendEchoes: false });
let users = 0;

const person = () => fairdrop.instagram.addUser({ username: `regular${users++}` });

async function ask(account: FakeAccount, user: FakeUser, media?: FakeMedia): Promise<string> {
  const comment = await fairdrop.instagram.comment({
    account,
    user,
    text: 'guide',
    ...(media && { media }),
  });
  await fairdrop.round();
  return comment.id;
}

const repliesTo = (user: FakeUser) =>
  fairdrop.instagram.sent.filter(({ kind, userId }) => kind === 'private_reply' && userId === user.id).length;

describe('how often one person gets it', () => {
  it('is once for each trigger, unless the trigger says otherwise; the second comment says why', async () => {
    const account = await fairdrop.openStudio();
    const user = person();
    await ask(account, user);
    const second = await ask(account, user);
    expect(repliesTo(user)).toBe(1);
    const [event] = await fairdrop.query('select id from events where external_id = $1', [second]);
    const explained = await fairdrop.client.get<{
      summary: string;
      delivery: { state: string; reason: string; messages: unknown[] };
      ledger: { kind: string }[];
    }>(`/v1/events/${event?.id}/explain`);
    expect(explained.delivery).toMatchObject({ state: 'skipped', reason: 'already_served', messages: [] });
    expect(explained.summary).toContain('as often as the trigger allows');
    // The reader paid with the comment all the same.
    expect(explained.ledger.map(({ kind }) => kind)).toEqual([
      'comment.matched',
      'payment.made',
      'delivery.skipped',
    ]);
    const stats = await fairdrop.client.get<Record<string, number>>('/v1/stats');
    expect(stats).toMatchObject({ received: 2, delivered: 1, skipped: 1, waiting: 0 });
  });

  it('is once, also when two comments are told at the same time', async () => {
    const account = await fairdrop.openStudio();
    const crowd = Array.from({ length: 20 }, person);
    const comments = await Promise.all(
      crowd.flatMap((user) =>
        [1, 2, 3].map(() => fairdrop.instagram.comment({ account, user, text: 'guide', announce: false })),
      ),
    );
    await Promise.all(
      comments.flatMap((comment) => [
        fairdrop.instagram.redeliver(comment),
        fairdrop.instagram.redeliver(comment),
      ]),
    );
    await fairdrop.round();
    expect(crowd.map(repliesTo)).toEqual(crowd.map(() => 1));
  });

  it('is once under each post', async () => {
    const account = await fairdrop.openStudio({ frequency: 'once_per_post' });
    const [one, other] = [1, 2].map(() => fairdrop.instagram.addMedia(account, { type: 'FEED' }));
    const user = person();
    await ask(account, user, one);
    await ask(account, user, one);
    await ask(account, user, other);
    expect(repliesTo(user)).toBe(2);
  });

  it('is again after some days', async () => {
    const account = await fairdrop.openStudio({ frequency: { everyDays: 3 } });
    const user = person();
    await ask(account, user);
    fairdrop.later(2 * dayMs);
    await ask(account, user);
    expect(repliesTo(user)).toBe(1);
    fairdrop.later(1.1 * dayMs);
    await ask(account, user);
    expect(repliesTo(user)).toBe(2);
  });

  it('is for every comment', async () => {
    const account = await fairdrop.openStudio({ frequency: 'unlimited' });
    const user = person();
    await ask(account, user);
    await ask(account, user);
    expect(repliesTo(user)).toBe(2);
  });

  it('does not count what failed', async () => {
    const account = await fairdrop.openStudio();
    const user = person();
    fairdrop.instagram.failNext({ type: 'error', code: 551 }, { account, kind: 'private_reply' });
    await ask(account, user);
    expect(repliesTo(user)).toBe(0);
    await ask(account, user);
    expect(repliesTo(user)).toBe(1);
  });
});

describe('public replies under one post', () => {
  it('end at the account’s budget, visibly, while the private messages go on', async () => {
    const account = await fairdrop.openStudio(
      { publicReplies: [{ text: 'Sent!' }] },
      { publicRepliesPerPost: 3 },
    );
    const media = fairdrop.instagram.addMedia(account, { type: 'FEED' });
    const other = fairdrop.instagram.addMedia(account, { type: 'FEED' });
    for (let number = 0; number < 5; number += 1) await ask(account, person(), media);
    await ask(account, person(), other);
    const sent = fairdrop.instagram.sent.filter(({ accountId }) => accountId === account.id);
    expect(sent.filter(({ kind }) => kind === 'private_reply')).toHaveLength(6);
    expect(sent.filter(({ kind }) => kind === 'public_reply')).toHaveLength(4);
    const spent = await fairdrop.query(
      `select m.state, count(*)::int from messages m where reason = 'public_budget_spent' group by 1`,
    );
    expect(spent).toEqual([{ state: 'cancelled', count: 2 }]);
  });

  it('are counted over comments that come in one webhook', async () => {
    const account = await fairdrop.openStudio(
      { publicReplies: [{ text: 'Sent!' }] },
      { publicRepliesPerPost: 3 },
    );
    const comments = await Promise.all(
      Array.from({ length: 5 }, () =>
        fairdrop.instagram.comment({ account, user: person(), text: 'guide', announce: false }),
      ),
    );
    await fairdrop.instagram.batch(comments);
    await fairdrop.round();
    await fairdrop.round();
    const sent = fairdrop.instagram.sent.filter(({ accountId }) => accountId === account.id);
    expect(sent.filter(({ kind }) => kind === 'public_reply')).toHaveLength(3);
  });

  it('comes in other words each time, where there are others', async () => {
    const account = await fairdrop.openStudio({
      frequency: 'unlimited',
      dmTemplates: [
        { text: 'Here: {{ resource.url }}' },
        { text: 'Yours: {{ resource.url }}' },
        { text: 'Enjoy: {{ resource.url }}' },
      ],
    });
    const user = person();
    for (let i = 0; i < 12; i += 1) await ask(account, user);
    await fairdrop.instagram.userSends({ account, user, text: 'guide' });
    await fairdrop.round();
    const texts = fairdrop.instagram.sent.filter(({ userId }) => userId === user.id).map(({ text }) => text);
    expect(texts).toHaveLength(13);
    for (const [index, text] of texts.slice(1).entries()) expect(text).not.toBe(texts[index]);
  });
});
