import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relay } from '../../src/deliveries/relay.ts';
import { useDeliveryStage } from '../support/delivery-stage.ts';

const stage = useDeliveryStage();
let other: pg.Client;

beforeAll(async () => {
  const { connectionString } = stage.seeded.pool.options;
  other = new pg.Client({ connectionString });
  await other.connect();
});

afterAll(() => other.end());

/** Until somebody waits for a lock that we hold. */
async function countBlocked(): Promise<number> {
  const { rows } = await stage.seeded.pool.query(
    `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.length;
}

async function untilBlocked(): Promise<void> {
  await expect.poll(countBlocked, { timeout: 10_000 }).toBeGreaterThan(0);
}

describe('rows are locked in one order', () => {
  it('contacts before lanes, also where the platform asks for a rest: intake has the contact and wants the lane', async () => {
    const { privateReply, deliveryId } = await stage.begin();
    stage.answer = () => ({ kind: 'sent', externalId: 'mid.1', recipientId: 'other', restMs: 1_000 });
    await other.query('begin');
    await other.query(
      `select 1 from contacts where id = (select contact_id from deliveries where id = $1) for no key update`,
      [deliveryId],
    );
    const sending = stage.engine().deliver([privateReply]);
    await untilBlocked();
    const lane = other.query(
      `select 1 from account_paces where account_id = $1 and pace = 'private_reply' for no key update nowait`,
      [stage.seeded.accountId],
    );
    await expect(lane).resolves.toMatchObject({ rowCount: 1 });
    await other.query('commit');
    await sending;
    expect((await stage.message(privateReply)).state).toBe('sent');
    await stage.seeded.pool.query(
      'update account_paces set rest_until = null, used_until = now(), next_slot_at = now()',
    );
  });
});

describe('an account that is resumed while its messages are set aside', () => {
  it('has them back', async () => {
    const { privateReply } = await stage.begin();
    const { pool, accountId } = stage.seeded;
    // Holds up whoever sets aside, in the middle of it.
    await pool.query(`
      create function hold() returns trigger language plpgsql as $$
      begin perform pg_advisory_xact_lock(4711); return new; end $$;
      create trigger hold before update on messages for each row when (new.wake_at = new.deadline_at) execute function hold()`);
    await pool.query(`update accounts set state = 'paused', state_reason = 'paused_by_owner' where id = $1`, [
      accountId,
    ]);
    await other.query('select pg_advisory_lock(4711)');
    stage.later(31_000);
    const ticking = stage.scheduler().tick();
    await untilBlocked();
    const resuming = (async () => {
      const client = await pool.connect();
      await client.query('begin');
      await client.query(`update accounts set state = 'active', state_reason = null where id = $1`, [
        accountId,
      ]);
      await client.query('update account_paces set relay_at = $2 where account_id = $1', [
        accountId,
        stage.now,
      ]);
      await client.query('commit');
      client.release();
      // Another process's scheduler.
      await relay(pool, stage.now);
    })();
    // Until it is through, or waits for the scheduler that stands still.
    let resumed = false;
    void resuming.then(() => {
      resumed = true;
    });
    await expect.poll(async () => resumed || (await countBlocked()) > 1, { timeout: 10_000 }).toBe(true);
    await other.query('select pg_advisory_unlock(4711)');
    await Promise.all([ticking, resuming]);
    await pool.query('drop trigger hold on messages; drop function hold');
    const { wake_at: wakeAt } = await stage.message(privateReply);
    expect(wakeAt.getTime()).toBeLessThanOrEqual(stage.now.getTime() + 60_000);
  });
});

describe('a process of the version before, which still runs', () => {
  it('may say of a held message when it is looked at, and never leaves one that waits without', async () => {
    const { privateReply, publicReply } = await stage.begin();
    const { pool } = stage.seeded;
    await pool.query('update messages set wake_at = now() where id = $1', [publicReply]);
    await expect(
      pool.query('update messages set wake_at = null where id = $1', [privateReply]),
    ).rejects.toThrow('messages_wake');
  });
});
