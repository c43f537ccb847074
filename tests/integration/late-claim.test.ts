import type pg from 'pg';
import { expect, it } from 'vitest';
import { useDeliveryStage } from '../support/delivery-stage.ts';

const stage = useDeliveryStage();

/** A pool whose claims take this long on the clock of the test: the process stood still, or the answer did. */
function claimingSlowly(ms: number): pg.Pool {
  return new Proxy(stage.seeded.pool, {
    get(pool, property) {
      if (property !== 'query') return Reflect.get(pool, property);
      return async (query: { name: string }) => {
        const result = await pool.query(query as never);
        if (query.name === 'deliveries-claim') stage.later(ms);
        return result;
      };
    },
  });
}

it('a claim that is heard of when its lease could end before the send is given back, and nothing is sent under it', async () => {
  const { privateReply } = await stage.begin();
  await stage.engine({ pool: claimingSlowly(10 * 60_000) }).deliver([privateReply]);
  expect(stage.platform.asked).toHaveLength(0);
  expect(await stage.message(privateReply)).toMatchObject({
    state: 'queued',
    attempts: 0,
    lease_token: null,
  });
});

it('a claim that took a moment is used', async () => {
  const { privateReply } = await stage.begin();
  await stage.engine({ pool: claimingSlowly(5_000) }).deliver([privateReply]);
  expect(stage.platform.asked).toHaveLength(1);
  expect(await stage.message(privateReply)).toMatchObject({ state: 'sent' });
});
