import { beforeEach, describe, expect, it } from 'vitest';
import type { FakeAccount } from '../../fakes/instagram/index.ts';
import { useVirtualFairdrop } from '../support/virtual.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const fairdrop = useVirtualFairdrop({ sendEchoes: false });
let account: FakeAccount;
let users = 0;

interface AccountView {
  id: string;
  externalId: string;
  state: string;
  stateReason: string | null;
  probeAt: string | null;
  credentialsExpireAt: string | null;
}

beforeEach(async () => {
  account = await fairdrop.openStudio();
  fairdrop.instagram.clearFaults();
});

async function comment() {
  const user = fairdrop.instagram.addUser({ username: `caller${users++}` });
  return fairdrop.instagram.comment({ account, user, text: 'guide' });
}

async function view(): Promise<AccountView> {
  const accounts = await fairdrop.client.list<AccountView>('/v1/accounts');
  const found = accounts.find(({ externalId }) => externalId === account.id);
  if (!found) throw new Error('the account is not listed');
  return found;
}

const sent = () => fairdrop.instagram.sent.filter(({ accountId }) => accountId === account.id).length;
const alerts = async (query = '') => {
  const { id } = await view();
  return fairdrop.client.list<{ kind: string; clearedAt: string | null }>(
    `/v1/alerts?accountId=${id}${query}`,
  );
};

describe('an account whose token is dead', () => {
  it('is paused, its messages wait, its owner is told; a new token resumes it', async () => {
    fairdrop.instagram.expireToken(account, 460);
    await comment();
    await fairdrop.round();
    expect(await view()).toMatchObject({ state: 'paused', stateReason: 'token_invalid' });
    expect(await alerts()).toMatchObject([{ kind: 'account_paused', clearedAt: null }]);
    // A second comment is taken and waits as well, and no call is made for it.
    await comment();
    const requests = fairdrop.instagram.requests;
    await fairdrop.round();
    expect(fairdrop.instagram.requests).toBe(requests);

    fairdrop.instagram.issueToken(account);
    const { id } = await view();
    await fairdrop.client.patch(`/v1/accounts/${id}`, { accessToken: account.accessToken, state: 'active' });
    await fairdrop.run(10_000, 1_000);
    expect(sent()).toBe(2);
    expect(await alerts()).toEqual([]);
    expect(await alerts('&cleared=true')).toMatchObject([{ kind: 'account_paused' }]);
  });

  it('is tried again, less and less often, and not while the token stays dead', async () => {
    fairdrop.instagram.expireToken(account, 460);
    await comment();
    await fairdrop.round();
    const waits: number[] = [];
    for (let time = 0; time < 4; time += 1) {
      const { probeAt } = await view();
      const waitMs = new Date(probeAt ?? 0).getTime() - fairdrop.now.getTime();
      waits.push(waitMs / minuteMs);
      fairdrop.later(waitMs + 1_000);
      await fairdrop.round();
      expect(await view()).toMatchObject({ state: 'paused' });
    }
    expect(waits.map(Math.round)).toEqual([15, 30, 60, 120]);
    expect(sent()).toBe(0);
  });
});

describe('an account that Instagram blocks', () => {
  it('goes on by itself when the block is over, evenly and with what waited', async () => {
    fairdrop.instagram.failNext({ type: 'error', code: 368 }, { account, kind: 'private_reply', times: 3 });
    for (let number = 0; number < 30; number += 1) await comment();
    await fairdrop.round();
    expect(await view()).toMatchObject({ state: 'paused', stateReason: 'blocked' });
    await fairdrop.run(2 * dayMs, 30 * minuteMs);
    expect(await view()).toMatchObject({ state: 'active', probeAt: null });
    await fairdrop.run(10 * minuteMs, minuteMs);
    expect(sent()).toBe(30);
    const resumed = await fairdrop.query(`select detail from ledger_entries where kind = 'account.resumed'`);
    expect(resumed).toContainEqual({ detail: { reason: 'blocked' } });
  });
});

describe('an account that stays blocked', () => {
  it('is tried a few times a week, however well its token works', async () => {
    fairdrop.instagram.failNext(
      { type: 'error', code: 368 },
      { account, kind: 'private_reply', times: 1_000 },
    );
    await comment();
    const before = fairdrop.instagram.refusals.length;
    await fairdrop.run(3 * dayMs, 30 * minuteMs);
    expect(fairdrop.instagram.refusals.length - before).toBeLessThanOrEqual(8);
    expect(await view()).toMatchObject({ stateReason: 'blocked' });
  }, 60_000);

  it('is left alone once its owner has paused it', async () => {
    fairdrop.instagram.failNext({ type: 'error', code: 368 }, { account, kind: 'private_reply', times: 1 });
    await comment();
    await fairdrop.round();
    const { id } = await view();
    const paused = await fairdrop.client.patch<AccountView>(`/v1/accounts/${id}`, { state: 'paused' });
    expect(paused).toMatchObject({ state: 'paused', stateReason: 'paused_by_owner', probeAt: null });
    await fairdrop.run(2 * dayMs, 6 * hourMs);
    expect(sent()).toBe(0);
  });

  it('is told to be over when it is connected anew', async () => {
    fairdrop.instagram.expireToken(account, 460);
    await comment();
    await fairdrop.round();
    expect(await alerts()).toHaveLength(1);
    fairdrop.instagram.issueToken(account);
    await fairdrop.client.post('/v1/accounts', { platform: 'instagram', accessToken: account.accessToken });
    expect(await alerts()).toEqual([]);
    await fairdrop.run(10_000, 1_000);
    expect(sent()).toBe(1);
  });
});

describe('an account that its owner paused', () => {
  it('is never tried', async () => {
    const { id } = await view();
    await fairdrop.client.patch(`/v1/accounts/${id}`, { state: 'paused' });
    await comment();
    await fairdrop.run(3 * dayMs, 6 * hourMs);
    expect(await view()).toMatchObject({ state: 'paused', stateReason: 'paused_by_owner', probeAt: null });
    expect(sent()).toBe(0);
  });
});

describe('an access token', () => {
  it('is renewed long before it dies, again and again', async () => {
    const first = account.accessToken;
    await fairdrop.run(26 * hourMs, hourMs);
    expect(account.accessToken).not.toBe(first);
    const { credentialsExpireAt } = await view();
    expect(new Date(credentialsExpireAt ?? 0).getTime() - fairdrop.now.getTime()).toBeGreaterThan(50 * dayMs);
    await fairdrop.run(130 * dayMs, dayMs);
    await comment();
    await fairdrop.round();
    expect(sent()).toBe(1);
    expect((await view()).state).toBe('active');
  });

  it('that cannot be renewed is told to the owner a week before it dies', async () => {
    await fairdrop.run(26 * hourMs, hourMs);
    fairdrop.instagram.failNext({ type: 'error', code: 100 }, { account, kind: 'token', times: 1_000 });
    await fairdrop.run(51 * dayMs, dayMs);
    expect(await alerts()).toEqual([]);
    await fairdrop.run(4 * dayMs, dayMs);
    expect(await alerts()).toMatchObject([{ kind: 'credentials_expiring' }]);
  });
});

describe('events that led to nothing', () => {
  it('are deleted after ninety days, and those of deliveries are not', async () => {
    const user = fairdrop.instagram.addUser({ username: 'passer-by' });
    const idle = await fairdrop.instagram.comment({ account, user, text: 'lovely' });
    const matched = await comment();
    await fairdrop.round();
    fairdrop.later(91 * dayMs);
    await fairdrop.round();
    const left = await fairdrop.query('select external_id from events where external_id = any($1)', [
      [idle.id, matched.id],
    ]);
    expect(left).toEqual([{ external_id: matched.id }]);
  });
});
