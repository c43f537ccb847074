import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import { useDeliveryStage } from '../support/delivery-stage.ts';
import { secretBox } from '../support/seed.ts';

const stage = useDeliveryStage();

describe('an account that was connected anew', () => {
  it('is not paused by a late answer to its old credentials', async () => {
    const { privateReply } = await stage.begin();
    const renewed = secretBox.seal(
      JSON.stringify({ accessToken: 'new' }),
      `account:${stage.seeded.accountId}`,
    );
    stage.answer = async () => {
      await stage.seeded.pool.query('update accounts set credentials = $2 where id = $1', [
        stage.seeded.accountId,
        renewed.sealed,
      ]);
      return { kind: 'account', reason: 'token_invalid', detail: 'code 190' };
    };
    await stage.engine().deliver([privateReply]);
    const { rows } = await stage.seeded.pool.query('select state from accounts where id = $1', [
      stage.seeded.accountId,
    ]);
    expect(rows).toEqual([{ state: 'active' }]);
    expect(await stage.message(privateReply)).toMatchObject({
      state: 'queued',
      reason: 'token_invalid',
      attempts: 0,
    });
  });
});

describe('a process with another encryption key', () => {
  it('sends nothing and says so, without a word against the account', async () => {
    const { privateReply } = await stage.begin();
    const stranger = stage.engine({
      open: {
        adapterFor: () => stage.platform,
        adapters: () => [stage.platform],
        credentialsOf: () => expect.fail('not this key'),
      },
    });
    await stranger.deliver([privateReply]);
    expect(stage.platform.asked).toHaveLength(0);
    expect(await stage.message(privateReply)).toMatchObject({
      state: 'queued',
      reason: 'credentials_unreadable',
    });
    const { rows } = await stage.seeded.pool.query('select state from accounts where id = $1', [
      stage.seeded.accountId,
    ]);
    expect(rows).toEqual([{ state: 'active' }]);
  });
});

describe('a database that breaks', () => {
  /** A pool whose statement of this name is carried out, and whose answer is lost, for the first `times` times. */
  function losingAnswers(name: string, times: number): pg.Pool {
    let left = times;
    return new Proxy(stage.seeded.pool, {
      get(pool, property) {
        if (property !== 'query') return Reflect.get(pool, property);
        return async (query: { name: string }) => {
          const result = await pool.query(query as never);
          if (query.name !== name || left === 0) return result;
          left -= 1;
          throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
        };
      },
    });
  }

  it('after a claim leaves the message as it was: nothing was sent under it', async () => {
    const { privateReply } = await stage.begin();
    const broken = stage.engine({ pool: losingAnswers('deliveries-claim', 1) });
    await expect(broken.deliver([privateReply])).rejects.toThrow('EPIPE');
    expect(stage.platform.asked).toHaveLength(0);
    expect(await stage.message(privateReply)).toMatchObject({
      state: 'queued',
      attempts: 0,
      lease_token: null,
    });
  });

  it('after a send loses nothing of what is known', async () => {
    const { privateReply, deliveryId } = await stage.begin();
    const broken = stage.engine({ pool: losingAnswers('deliveries-settle', 2) });
    await broken.deliver([privateReply]);
    expect(stage.platform.asked).toHaveLength(1);
    expect(await stage.message(privateReply)).toMatchObject({ state: 'sent' });
    expect(
      (await stage.delivery(deliveryId)).ledger.filter((kind: string) => kind === 'message.sent'),
    ).toHaveLength(1);
  });

  it('or refuses what the platform said does not lose what became of the message', async () => {
    const { privateReply } = await stage.begin();
    stage.answer = () => ({
      kind: 'rejected',
      reason: 'invalid_message',
      detail: 'a NUL: \0',
      answered: false,
    });
    await stage.engine().deliver([privateReply]);
    expect(await stage.message(privateReply)).toMatchObject({
      state: 'failed',
      reason: 'invalid_message',
      detail: null,
    });
  });
});

describe('messages of an account that may not send', () => {
  it('are set aside, so that nobody waits behind them', async () => {
    const { privateReply } = await stage.begin();
    await stage.seeded.pool.query("update accounts set state = 'paused' where id = $1", [
      stage.seeded.accountId,
    ]);
    stage.later(31_000);
    await stage.scheduler().tick();
    expect(stage.woken).not.toContain(privateReply);
    const { wake_at } = await stage.message(privateReply);
    expect(wake_at.getTime()).toBeGreaterThan(stage.now.getTime() + 30 * 60_000);
  });
});

describe('a scheduler without a queue', () => {
  it('still ends what has waited too long, and wakes nobody in vain', async () => {
    const { privateReply } = await stage.begin();
    stage.later(31_000);
    const before = await stage.message(privateReply);
    await stage.scheduler({ queueAnswers: async () => false }).tick();
    expect(stage.woken).toEqual([]);
    expect((await stage.message(privateReply)).wake_at).toEqual(before.wake_at);
    stage.later(8 * 24 * 60 * 60_000);
    await stage.scheduler({ queueAnswers: async () => false }).tick();
    expect(await stage.message(privateReply)).toMatchObject({ state: 'expired' });
  });
});
