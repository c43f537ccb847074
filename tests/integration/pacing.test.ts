import { describe, expect, it } from 'vitest';
import type { FakeAccount } from '../../fakes/instagram/index.ts';
import { useVirtualFairdrop } from '../support/virtual.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const fairdrop = useVirtualFairdrop({ sendEchoes: false });

async function comment(account: FakeAccount, count: number, prefix: string): Promise<void> {
  let next = 0;
  const talk = async () => {
    while (next < count) {
      const user = fairdrop.instagram.addUser({ username: `${prefix}${next++}` });
      await fairdrop.instagram.comment({ account, user, text: 'guide' });
    }
  };
  await Promise.all(Array.from({ length: 32 }, talk));
}

const sentBy = (account: FakeAccount) =>
  fairdrop.instagram.sent.filter(({ accountId }) => accountId === account.id);

describe('a post that goes viral', () => {
  const viral = 10_000;
  const quiet = 50;

  it(`spreads ${viral} answers over the hours, all within their deadlines, while another account’s ${quiet} go out at once`, async () => {
    const star = await fairdrop.openStudio();
    const neighbour = await fairdrop.openStudio();
    await comment(star, viral, 'fan');
    await comment(neighbour, quiet, 'guest');

    await fairdrop.round();
    expect(sentBy(neighbour)).toHaveLength(quiet);
    expect(sentBy(star)).toHaveLength(100);

    const { data } = await fairdrop.client.get<{ data: { waitsFor: string; expectedAt: string }[] }>(
      '/v1/messages?state=queued&limit=1',
    );
    const lastAt = new Date(data[0]?.expectedAt ?? 0).getTime();
    expect(data[0]?.waitsFor).toBe('slot');
    // The rest at 600 an hour: the expected time of the last one is known from the beginning.
    const restMs = ((viral - 100) / 600) * hourMs;
    expect(Math.abs(lastAt - fairdrop.now.getTime() - restMs)).toBeLessThan(minuteMs);

    await fairdrop.run(restMs + 10 * minuteMs, 4 * minuteMs);
    expect(sentBy(star)).toHaveLength(viral);
    // Instagram counts 750 an hour, and never had a reason to refuse.
    expect(fairdrop.instagram.refusals).toEqual([]);
    expect(await fairdrop.query('select state, count(*)::int from messages group by 1')).toEqual([
      { state: 'sent', count: viral + quiet },
    ]);
    expect(await fairdrop.query('select 1 from messages where settled_at > deadline_at')).toEqual([]);
  }, 240_000);

  it('is a line in which who has less time goes first', async () => {
    const star = await fairdrop.openStudio();
    await comment(star, 300, 'early');
    // Told late: of the seven days six and a half have passed.
    const user = fairdrop.instagram.addUser({ username: 'overlooked' });
    const createdAt = new Date(fairdrop.now.getTime() - 6.5 * 24 * hourMs);
    const overlooked = await fairdrop.instagram.comment({
      account: star,
      user,
      text: 'guide',
      createdAt,
      announce: false,
    });
    const payload = fairdrop.instagram.commentPayload(overlooked) as { entry: { time: number }[] };
    for (const entry of payload.entry) entry.time = Math.floor(createdAt.getTime() / 1_000);
    await fairdrop.instagram.deliver(payload);
    await fairdrop.round();
    // Of 300 that came before, 100 may go out at once.
    expect(sentBy(star)).toHaveLength(100);
    expect(sentBy(star).map(({ userId }) => userId)).toContain(user.id);
  });

  it('that cannot be answered in time is told to the owner days before, and expires with that reason', async () => {
    const pacing = { private_reply: { perHour: 1, burst: 1 } };
    const star = await fairdrop.openStudio({}, { pacing });
    await comment(star, 200, 'many');
    await fairdrop.round();
    const alerts = await fairdrop.client.list<{ kind: string; detail: { messages: number } }>('/v1/alerts');
    // One at once, then one an hour for seven days less ten minutes.
    expect(alerts).toMatchObject([{ kind: 'backlog', detail: { messages: 200 - 168 } }]);

    await fairdrop.run(8 * 24 * hourMs, hourMs);
    const ended = await fairdrop.query(
      `select m.state, m.reason, count(*)::int from messages m join accounts a on a.id = m.account_id
       where a.external_id = $1 group by 1, 2 order by 1`,
      [star.id],
    );
    expect(ended).toEqual([
      { state: 'expired', reason: 'backlog', count: 32 },
      { state: 'sent', reason: null, count: 168 },
    ]);
    expect(await fairdrop.client.list('/v1/alerts')).toEqual([]);
  }, 120_000);
});

describe('an account that the platform throttles', () => {
  it('rests as long as it is told, and then goes on at its even pace', async () => {
    const star = await fairdrop.openStudio();
    await comment(star, 150, 'soon');
    fairdrop.instagram.failNext({ type: 'throttle', minutes: 30 }, { account: star, times: 1 });
    await fairdrop.round();
    await fairdrop.round();
    const before = sentBy(star).length;
    await fairdrop.run(29 * minuteMs, minuteMs);
    expect(sentBy(star)).toHaveLength(before);

    const [{ waiting } = { waiting: 0 }] = await fairdrop.query(
      `select count(*)::int as waiting from messages m join accounts a on a.id = m.account_id
       where m.state = 'queued' and a.external_id = $1`,
      [star.id],
    );
    await fairdrop.run(2 * minuteMs, minuteMs);
    // Nothing that gathered meanwhile comes in one burst.
    expect(sentBy(star).length - before).toBeGreaterThan(0);
    expect(sentBy(star).length - before).toBeLessThan(25);
    await fairdrop.run((Number(waiting) / 600) * hourMs + 5 * minuteMs, minuteMs);
    expect(sentBy(star)).toHaveLength(150);
    const attempts = await fairdrop.query(
      `select distinct attempts from messages m join accounts a on a.id = m.account_id where a.external_id = $1`,
      [star.id],
    );
    expect(attempts).toEqual([{ attempts: 1 }]);
  }, 60_000);
});

describe('slots that passed while no worker was there', () => {
  it('are not all used at once: the line is laid out anew from the first round on', async () => {
    const star = await fairdrop.openStudio();
    await comment(star, 800, 'patient');
    await fairdrop.round();
    expect(sentBy(star)).toHaveLength(100);
    fairdrop.later(2 * hourMs);
    await fairdrop.round();
    await fairdrop.round();
    expect(sentBy(star).length).toBeLessThan(220);
    await fairdrop.run(75 * minuteMs, minuteMs);
    expect(sentBy(star)).toHaveLength(800);
    expect(fairdrop.instagram.refusals.filter(({ accountId }) => accountId === star.id)).toEqual([]);
  }, 60_000);
});

describe('another pace', () => {
  it('set by the owner holds for what already waits, and can be given back', async () => {
    const star = await fairdrop.openStudio();
    const [connected] = await fairdrop.client.list<{ id: string }>('/v1/accounts');
    await comment(star, 140, 'quick');
    await fairdrop.round();
    expect(sentBy(star)).toHaveLength(100);
    await fairdrop.client.patch(`/v1/accounts/${connected?.id}`, {
      pacing: { private_reply: { perHour: 3_600_000, burst: 1_000 } },
    });
    await fairdrop.run(2_000, 1_000);
    expect(sentBy(star)).toHaveLength(140);
    const { pacing } = await fairdrop.client.patch<{ pacing: Record<string, unknown> }>(
      `/v1/accounts/${connected?.id}`,
      { pacing: { private_reply: null } },
    );
    expect(pacing.private_reply).toEqual({ perHour: 600, burst: 100, custom: false });
  });
});
