import { describe, expect, it } from 'vitest';
import { useVirtualFairdrop } from '../support/virtual.ts';

const fairdrop = useVirtualFairdrop({ sendEchoes: false });
const short = 'Here: {{ resource.url }}';
const long = 'With pleasure, here it is: {{ resource.url }}';

interface Outcome {
  count: number;
  share: number | null;
  interval: { low: number; high: number };
}

interface Results {
  considered: number;
  variants: {
    text: string;
    current: boolean;
    sent: number;
    opened: Outcome;
    thanked: Outcome;
    answered: Outcome;
  }[];
  ahead: Record<'opened' | 'thanked' | 'answered', string | null>;
}

async function openComparison() {
  const account = await fairdrop.openStudio({ dmTemplates: [{ text: short }, { text: long }] });
  const [row] = await fairdrop.query(
    'select t.id from triggers t join accounts a on a.id = t.account_id where a.external_id = $1',
    [account.id],
  );
  const path = `/v1/triggers/${row?.id}`;
  return { account, path, results: () => fairdrop.client.get<Results>(`${path}/variants`) };
}

type Comparison = Awaited<ReturnType<typeof openComparison>>;
let people = 0;

/** Lets people ask, and whoever got the long text do something about it. */
async function crowd({ account }: Comparison, size: number): Promise<void> {
  const users = Array.from({ length: size }, () =>
    fairdrop.instagram.addUser({ username: `judge${people++}` }),
  );
  const comments = [];
  for (const user of users) {
    comments.push(await fairdrop.instagram.comment({ account, user, text: 'guide', announce: false }));
  }
  await fairdrop.instagram.batch(comments);
  await fairdrop.round();
  fairdrop.later(60_000);
  for (const [index, user] of users.entries()) {
    const sent = fairdrop.instagram.sent.findLast(({ userId }) => userId === user.id);
    if (!sent?.text.startsWith('With')) continue;
    if (index % 2 === 0) await fairdrop.instagram.userSends({ account, user, text: 'how kind' });
    await tell(account.id, fairdrop.instagram.messagingIdOf(account, user), { read: { mid: sent.id } });
    if (index % 3 === 0) {
      const reaction = { mid: sent.id, action: 'react', reaction: 'love', emoji: '❤' };
      await tell(account.id, fairdrop.instagram.messagingIdOf(account, user), { reaction });
    }
  }
}

async function tell(accountId: string, senderId: string, what: object): Promise<void> {
  const item = {
    sender: { id: senderId },
    recipient: { id: accountId },
    timestamp: fairdrop.now.getTime(),
    ...what,
  };
  const entry = [{ id: accountId, time: fairdrop.now.getTime(), messaging: [item] }];
  await fairdrop.instagram.deliver({ object: 'instagram', entry });
}

describe('the texts of a trigger, compared', () => {
  it('are all there from the first, and of nothing nothing is claimed', async () => {
    const comparison = await openComparison();
    const everything = { count: 0, share: null, interval: { low: 0, high: 1 } };
    expect(await comparison.results()).toEqual({
      considered: 0,
      variants: [short, long].map((text) => ({
        text,
        current: true,
        sent: 0,
        opened: everything,
        thanked: everything,
        answered: everything,
      })),
      ahead: { opened: null, thanked: null, answered: null },
    });
  });

  it('are counted by what people did, and none is ahead before that is certain', async () => {
    const comparison = await openComparison();
    await crowd(comparison, 4);
    expect((await comparison.results()).ahead).toEqual({ opened: null, thanked: null, answered: null });
    await crowd(comparison, 60);
    const { considered, variants, ahead } = await comparison.results();
    expect(considered).toBe(64);
    const [one, other] = [long, short].map((text) => variants.find((variant) => variant.text === text));
    expect((one?.sent ?? 0) + (other?.sent ?? 0)).toBe(64);
    expect(one?.opened).toMatchObject({ count: one?.sent, share: 1 });
    expect(one?.thanked.count).toBeGreaterThan(0);
    expect(one?.answered.count).toBeGreaterThan(0);
    expect(one?.answered.count).toBeLessThan(one?.sent ?? 0);
    expect(other).toMatchObject({ opened: { count: 0 }, thanked: { count: 0 }, answered: { count: 0 } });
    expect(ahead.opened).toBe(long);
  });

  it('keep what they were counted for when the trigger changes, and are told apart by what they say', async () => {
    const comparison = await openComparison();
    await crowd(comparison, 6);
    const before = await comparison.results();
    await fairdrop.client.patch(comparison.path, {
      dmTemplates: [{ text: long }, { text: 'New: {{ resource.url }}' }],
    });
    const after = await comparison.results();
    expect(after.considered).toBe(6);
    const find = ({ variants }: Results, text: string) => variants.find((variant) => variant.text === text);
    expect(find(after, long)).toEqual(find(before, long));
    expect(find(after, 'New: {{ resource.url }}')).toMatchObject({ current: true, sent: 0 });
    const old = find(before, short);
    if (old && old.sent > 0) expect(find(after, short)).toMatchObject({ current: false, sent: old.sent });
  });
});
