import { describe, expect, it } from 'vitest';
import type { FakeAccount } from '../../fakes/instagram/index.ts';
import { claimMessages } from '../../src/deliveries/claim.ts';
import { relay } from '../../src/deliveries/relay.ts';
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
    await fairdrop.run(20_000, 2_000);
    // Of 300 that came before, 100 may go out at once, and one every six seconds.
    expect(sentBy(star).length).toBeLessThan(106);
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

describe('a pace', () => {
  it('holds for each of many accounts that were all away at the same time', async () => {
    const stars = [];
    for (let number = 0; number < 8; number += 1) {
      const star = await fairdrop.openStudio();
      await comment(star, 300, `many${number}-`);
      stars.push(star);
    }
    await fairdrop.round();
    fairdrop.later(2 * hourMs);
    await fairdrop.run(15_000, 1_000);
    // The burst of the beginning, the one that has come back meanwhile, and the seconds that passed.
    for (const star of stars) expect(sentBy(star).length).toBeLessThanOrEqual(205);
  }, 120_000);

  it('is not outrun by what comes after a rest', async () => {
    const star = await fairdrop.openStudio({}, { pacing: { private_reply: { perHour: 60, burst: 10 } } });
    await fairdrop.query(
      `update account_paces p set rest_until = $2 from accounts a where a.id = p.account_id and a.external_id = $1`,
      [star.id, new Date(fairdrop.now.getTime() + 2 * hourMs)],
    );
    for (let part = 0; part < 12; part += 1) {
      await comment(star, 10, `rest${part}-`);
      await fairdrop.run(10 * minuteMs, 5 * minuteMs);
    }
    expect(sentBy(star).length).toBeLessThanOrEqual(11);
    await fairdrop.run(hourMs, minuteMs);
    expect(sentBy(star).length).toBeLessThanOrEqual(71);
    await fairdrop.run(hourMs, minuteMs);
    expect(sentBy(star)).toHaveLength(120);
  }, 60_000);

  it('is not outrun by repeats: calls that are refused count like the others', async () => {
    const star = await fairdrop.openStudio({}, { pacing: { private_reply: { perHour: 60, burst: 10 } } });
    await comment(star, 200, 'again');
    fairdrop.instagram.failNext(
      { type: 'error', code: 100, subcode: 2534037 },
      { account: star, times: 1_000 },
    );
    const before = fairdrop.instagram.refusals.length;
    await fairdrop.run(6 * hourMs, 2 * minuteMs);
    const calls = fairdrop.instagram.refusals.slice(before).map(({ at }) => at.getTime());
    expect(calls.length).toBeGreaterThan(100);
    for (const at of calls) {
      expect(calls.filter((other) => other >= at && other < at + hourMs).length).toBeLessThanOrEqual(71);
    }
    fairdrop.instagram.clearFaults();
  }, 60_000);

  it('is used to the full after an overload: what cannot make its deadline takes no slot from what can', async () => {
    const star = await fairdrop.openStudio({}, { pacing: { private_reply: { perHour: 1, burst: 1 } } });
    await comment(star, 400, 'first');
    await fairdrop.run(24 * hourMs, hourMs);
    await comment(star, 30, 'later');
    await fairdrop.run(8 * 24 * hourMs, hourMs);
    // 168 that the first seven days hold, and the day that only the later ones still have.
    expect(sentBy(star).length).toBeGreaterThanOrEqual(168 + 23);
  }, 120_000);
});

describe('a lane in which thousands wait', () => {
  it('is laid out in one round', async () => {
    const star = await fairdrop.openStudio();
    await comment(star, 200, 'crowd');
    const [line] = await fairdrop.query(
      `select m.account_id, m.workspace_id, m.delivery_id from messages m join accounts a on a.id = m.account_id
       where a.external_id = $1 and m.state = 'queued' limit 1`,
      [star.id],
    );
    await fairdrop.query('alter table messages drop constraint if exists messages_delivery_id_kind_key');
    await fairdrop.query('drop index if exists messages_delivery_id_kind_key');
    await fairdrop.query(
      `insert into messages (id, workspace_id, account_id, delivery_id, kind, pace, state, target_id, text, variant,
                             due_at, deadline_at, wake_at)
       select gen_random_uuid(), $1, $2, $3, 'private_reply', 'private_reply', 'queued', n::text, 'x', 0,
              $4::timestamptz + n * interval '6 s', $4::timestamptz + interval '6 days', $4::timestamptz + n * interval '6 s'
       from generate_series(1, 20000) n`,
      [line?.workspace_id, line?.account_id, line?.delivery_id, fairdrop.now],
    );
    await fairdrop.query(
      `update account_paces set relay_at = $2, rest_until = $3 where account_id = $1 and pace = 'private_reply'`,
      [line?.account_id, fairdrop.now, new Date(fairdrop.now.getTime() + 30 * minuteMs)],
    );
    await fairdrop.round();
    const [after] = await fairdrop.query(
      `select count(*) filter (where m.due_at < $2)::int as early, count(distinct m.due_at)::int as slots,
              bool_and(p.relay_at is null) as laid
       from messages m join account_paces p on p.account_id = m.account_id and p.pace = m.pace
       where m.account_id = $1 and m.state = 'queued' and m.due_at <= m.deadline_at`,
      [line?.account_id, new Date(fairdrop.now.getTime() + 30 * minuteMs)],
    );
    expect(after).toMatchObject({ early: 0, laid: true });
    expect(after?.slots).toBeGreaterThan(14_000);
  }, 120_000);
});

describe('a lane that is being laid out when the process dies', () => {
  it('is laid out again: what was set aside is not left to expire', async () => {
    const star = await fairdrop.openStudio();
    const [connected] = await fairdrop.client.list<{ id: string }>('/v1/accounts');
    await fairdrop.client.patch(`/v1/accounts/${connected?.id}`, { state: 'paused' });
    await comment(star, 5, 'aside');
    await fairdrop.run(2 * minuteMs, minuteMs);
    await fairdrop.client.patch(`/v1/accounts/${connected?.id}`, { state: 'active' });
    const dying = new Proxy(fairdrop.pool, {
      get(pool, property) {
        if (property !== 'query') return Reflect.get(pool, property);
        return (query: { name?: string }) =>
          query.name === 'relay-take-lane' ? pool.query(query as never) : Promise.reject(new Error('killed'));
      },
    });
    await expect(relay(dying, fairdrop.now)).rejects.toThrow('killed');
    await fairdrop.round();
    expect(sentBy(star)).toHaveLength(0);
    await fairdrop.run(2 * minuteMs, 30_000);
    expect(sentBy(star)).toHaveLength(5);
  });
});

describe('a fast lane', () => {
  it('lets no more than its burst through at once, however late its messages are', async () => {
    const star = await fairdrop.openStudio(
      {},
      { pacing: { private_reply: { perHour: 180_000, burst: 25 } } },
    );
    await comment(star, 80, 'fast');
    await fairdrop.query("update messages set due_at = $1 where state = 'queued'", [fairdrop.now]);
    const ids = await fairdrop.query(
      `select m.id from messages m join accounts a on a.id = m.account_id where a.external_id = $1 and m.state = 'queued'`,
      [star.id],
    );
    const lease = { token: crypto.randomUUID(), until: new Date(fairdrop.now.getTime() + hourMs) };
    const claimed = await claimMessages(
      fairdrop.pool,
      ids.map(({ id }) => String(id)),
      lease,
      fairdrop.now,
    );
    expect(claimed.length).toBeLessThanOrEqual(26);
  });
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
