import { describe, expect, it } from 'vitest';
import type { FakeAccount, FakeUser } from '../../fakes/instagram/index.ts';
import { useVirtualFairdrop } from '../support/virtual.ts';

const fairdrop = useVirtualFairdrop({ sendEchoes: false });
const dayMs = 24 * 60 * 60_000;
let people = 0;

const person = () => fairdrop.instagram.addUser({ username: `writer${people++}` });

async function writes(account: FakeAccount, user: FakeUser, text: string): Promise<void> {
  await fairdrop.instagram.userSends({ account, user, text });
  await fairdrop.round();
}

async function comments(account: FakeAccount, user: FakeUser, text = 'guide'): Promise<void> {
  await fairdrop.instagram.comment({ account, user, text });
  await fairdrop.round();
}

const sentTo = (user: FakeUser) =>
  fairdrop.instagram.sent
    .filter(({ userId }) => userId === user.id)
    .map(({ kind, text }) => ({ kind, text }));

interface Explained {
  outcome: string;
  reason: string;
  summary: string;
  triggers: { verdict: string; sentence: string }[];
  delivery: { door: string; state: string; reason: string | null } | null;
  ledger: { kind: string; detail: unknown }[];
}

async function explainLast(account: FakeAccount): Promise<Explained> {
  const [event] = await fairdrop.query(
    `select id from events where account_external_id = $1 order by id desc limit 1`,
    [account.id],
  );
  return fairdrop.client.get<Explained>(`/v1/events/${event?.id}/explain`);
}

describe('the private door', () => {
  it('gives the resource to who writes the keyword in private, at no price', async () => {
    const account = await fairdrop.openStudio({
      dmTemplates: [{ text: 'For {{ price }} payments: {{ resource.url }}' }],
      publicReplies: [{ text: 'Sent!' }],
    });
    const user = person();
    await writes(account, user, 'Could I have the guide?');
    expect(sentTo(user)).toEqual([{ kind: 'dm', text: 'For 0 payments: https://studio.example/guide' }]);
    const explained = await explainLast(account);
    expect(explained).toMatchObject({
      outcome: 'matched',
      delivery: { door: 'private', state: 'delivered' },
    });
    expect(explained.ledger.map(({ kind }) => kind)).toEqual([
      'message.matched',
      'message.sent',
      'resource.given',
    ]);
    const commenter = person();
    await comments(account, commenter);
    expect(sentTo(commenter)[0]?.text).toBe('For 1 payments: https://studio.example/guide');
  });

  it('knows who commented before, whatever the platform calls them in private', async () => {
    const account = await fairdrop.openStudio();
    const user = person();
    await comments(account, user);
    await writes(account, user, 'guide');
    expect(sentTo(user)).toHaveLength(1);
    expect(await explainLast(account)).toMatchObject({
      delivery: { door: 'private', state: 'skipped', reason: 'already_served' },
    });
    const contacts = await fairdrop.query('select external_id from contacts where external_id = any($1)', [
      [user.id, fairdrop.instagram.messagingIdOf(account, user)],
    ]);
    expect(contacts).toEqual([{ external_id: user.id }]);
  });

  it('is not there for triggers that only take comments, nor for those of the mode any or of certain posts', async () => {
    for (const [settings, verdict] of [
      [{ doors: ['comment'] }, 'door_closed'],
      [{ mode: 'any', keywords: [] }, 'door_closed'],
      [{ mediaIds: ['17900000000000000'] }, 'other_post'],
    ] as const) {
      const account = await fairdrop.openStudio(settings);
      const user = person();
      await writes(account, user, 'guide');
      expect(sentTo(user)).toEqual([]);
      const explained = await explainLast(account);
      expect(explained).toMatchObject({ outcome: 'skipped', reason: verdict });
      expect(explained.triggers).toEqual([expect.objectContaining({ verdict })]);
    }
  });

  it('can be the only one: a comment then asks in vain, and is told why', async () => {
    const account = await fairdrop.openStudio({ doors: ['private'] });
    const user = person();
    await comments(account, user);
    expect(sentTo(user)).toEqual([]);
    expect(await explainLast(account)).toMatchObject({ reason: 'door_closed' });
    await writes(account, user, 'guide');
    expect(sentTo(user)).toHaveLength(1);
  });

  it('answers no message without the keyword, no echo, and nothing whose window is over', async () => {
    const account = await fairdrop.openStudio();
    const user = person();
    await writes(account, user, 'Thank you so much!');
    expect(await explainLast(account)).toMatchObject({ reason: 'keyword_absent', triggers: [{}] });
    fairdrop.later(0);
    const { mid } = await fairdrop.instagram.userSends({ account, user, text: 'guide', announce: false });
    const late = fairdrop.now.getTime() - 2 * dayMs;
    await fairdrop.instagram.deliver({
      object: 'instagram',
      entry: [
        {
          id: account.id,
          time: fairdrop.now.getTime(),
          messaging: [
            {
              sender: { id: fairdrop.instagram.messagingIdOf(account, user) },
              recipient: { id: account.id },
              timestamp: late,
              message: { mid, text: 'guide' },
            },
          ],
        },
      ],
    });
    await fairdrop.round();
    expect(sentTo(user)).toEqual([]);
  });
});

describe('a trigger that serves so many people', () => {
  it('serves those who come first, and tells the others why not', async () => {
    const account = await fairdrop.openStudio({ maxDeliveries: 3 });
    const crowd = Array.from({ length: 5 }, person);
    const all = await Promise.all(
      crowd.map((user) => fairdrop.instagram.comment({ account, user, text: 'guide', announce: false })),
    );
    await fairdrop.instagram.batch(all);
    await fairdrop.round();
    expect(crowd.map((user) => sentTo(user).length)).toEqual([1, 1, 1, 0, 0]);
    expect(await explainLast(account)).toMatchObject({
      summary: expect.stringContaining('given as often before as the trigger allows'),
      delivery: { state: 'skipped', reason: 'sold_out' },
    });
    const [trigger] = (await fairdrop.client.get<{ data: { id: string }[] }>('/v1/triggers')).data;
    await fairdrop.client.patch(`/v1/triggers/${trigger?.id}`, { maxDeliveries: 4 });
    // Who came too late then may ask again, and counts once.
    await comments(account, crowd[4] as FakeUser);
    await comments(account, crowd[4] as FakeUser);
    await comments(account, crowd[3] as FakeUser);
    expect(crowd.map((user) => sentTo(user).length)).toEqual([1, 1, 1, 0, 1]);
  });

  it('serves no more also when they are told to several processes at once', async () => {
    const account = await fairdrop.openStudio({ maxDeliveries: 7 });
    const crowd = Array.from({ length: 30 }, person);
    await Promise.all(crowd.map((user) => fairdrop.instagram.comment({ account, user, text: 'guide' })));
    await fairdrop.round();
    expect(crowd.flatMap(sentTo)).toHaveLength(7);
    const stats = await fairdrop.query(
      `select d.state, count(*)::int from deliveries d join accounts a on a.id = d.account_id
       where a.external_id = $1 group by 1 order by 1`,
      [account.id],
    );
    expect(stats).toEqual([
      { state: 'delivered', count: 7 },
      { state: 'skipped', count: 23 },
    ]);
  });
});

describe('a delivery that failed before the trigger was sold out', () => {
  it('can be replayed although the person asked again too late', async () => {
    const account = await fairdrop.openStudio({ maxDeliveries: 1 });
    const user = person();
    fairdrop.instagram.failNext({ type: 'error', code: 551 }, { account, kind: 'private_reply' });
    await comments(account, user);
    await comments(account, user);
    expect(await explainLast(account)).toMatchObject({ delivery: { state: 'skipped', reason: 'sold_out' } });
    const [failed] = await fairdrop.query(
      `select d.id from deliveries d join accounts a on a.id = d.account_id
       where a.external_id = $1 and d.state = 'failed'`,
      [account.id],
    );
    await fairdrop.client.post(`/v1/deliveries/${failed?.id}/replay`);
    await fairdrop.round();
    expect(sentTo(user)).toHaveLength(1);
  });
});

describe('a trigger with dates and hours', () => {
  it('counts within them only', async () => {
    const noon = new Date(Math.ceil(fairdrop.now.getTime() / dayMs) * dayMs + dayMs / 2);
    fairdrop.now = noon;
    const account = await fairdrop.openStudio({
      activeFrom: new Date(noon.getTime() + dayMs / 2).toISOString(),
      activeUntil: new Date(noon.getTime() + 3 * dayMs).toISOString(),
      activeHours: { timeZone: 'UTC', from: '09:00', to: '17:00' },
    });
    const user = person();
    await comments(account, user);
    expect(await explainLast(account)).toMatchObject({ reason: 'outside_dates' });
    fairdrop.later(dayMs * 0.8);
    await comments(account, user);
    expect(await explainLast(account)).toMatchObject({
      reason: 'outside_hours',
      triggers: [{ sentence: expect.stringContaining('outside of the hours') }],
    });
    fairdrop.later(dayMs * 0.2);
    await comments(account, user);
    expect(sentTo(user)).toHaveLength(1);
    fairdrop.later(2 * dayMs);
    const late = person();
    await comments(account, late);
    expect(await explainLast(account)).toMatchObject({ reason: 'outside_dates' });
  });
});
