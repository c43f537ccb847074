import { describe, expect, it } from 'vitest';
import type { SendOutcome } from '../../src/platforms/port.ts';
import { sent, useDeliveryStage } from '../support/delivery-stage.ts';

const lostAnswer: SendOutcome = { kind: 'unknown', reason: 'no_answer_in_time', detail: 'timeout' };
const stage = useDeliveryStage();

describe('a private reply that the platform takes', () => {
  it('completes the delivery, and only then is the public reply released', async () => {
    const { privateReply, publicReply, deliveryId, commentId } = await stage.begin();
    await stage.engine().deliver([privateReply, publicReply]);
    expect(stage.platform.asked.map(({ kind }) => kind)).toEqual(['private_reply']);
    expect(await stage.message(privateReply)).toMatchObject({
      state: 'sent',
      external_id: `mid.${commentId}`,
      attempts: 1,
    });
    expect(await stage.delivery(deliveryId)).toMatchObject({ state: 'delivered' });
    expect(stage.woken).toEqual([publicReply]);

    await stage.engine().deliver([publicReply]);
    expect(await stage.message(publicReply)).toMatchObject({ state: 'sent' });
    expect((await stage.delivery(deliveryId)).ledger).toEqual([
      'comment.matched',
      'payment.made',
      'message.sent',
      'resource.given',
      'message.sent',
    ]);
    const { rows } = await stage.seeded.pool.query(
      'select c.messaging_id from contacts c join deliveries d on d.contact_id = c.id where d.id = $1',
      [deliveryId],
    );
    expect(rows[0].messaging_id).toBe('900');
  });

  it('is sent once, however many workers are told of it at the same time', async () => {
    const { privateReply } = await stage.begin();
    stage.answer = async (outgoing) => {
      await new Promise((resolve) => setImmediate(resolve));
      return sent(outgoing);
    };
    const engines = Array.from({ length: 8 }, () => stage.engine());
    await Promise.all(engines.flatMap((one) => [one.deliver([privateReply]), one.deliver([privateReply])]));
    expect(stage.platform.asked).toHaveLength(1);
  });

  it('is not sent again by a job that comes late', async () => {
    const { privateReply } = await stage.begin();
    await stage.engine().deliver([privateReply]);
    await stage.engine().deliver([privateReply]);
    expect(stage.platform.asked).toHaveLength(1);
  });
});

describe('an engine that is told to stop', () => {
  it('finishes what it is sending, and hands back what it is told of after that', async () => {
    const [first, second] = [await stage.begin(), await stage.begin()];
    let answer: (() => void) | undefined;
    stage.answer = (outgoing) =>
      new Promise((resolve) => {
        answer = () => resolve(sent(outgoing) as SendOutcome);
      });
    const engine = stage.engine();
    const sending = engine.deliver([first.privateReply]);
    await expect.poll(() => answer).toBeDefined();
    engine.stop();
    await engine.deliver([second.privateReply]);
    expect(stage.woken).toEqual([second.privateReply]);
    expect(await stage.message(second.privateReply)).toMatchObject({ state: 'queued', attempts: 0 });
    answer?.();
    await sending;
    expect(await stage.message(first.privateReply)).toMatchObject({ state: 'sent' });
    expect(stage.platform.asked).toHaveLength(1);
  });
});

describe('a private reply that the platform refuses', () => {
  it('fails the delivery with the reason and cancels the public reply', async () => {
    const { privateReply, publicReply, deliveryId } = await stage.begin();
    stage.answer = () => ({
      kind: 'rejected',
      reason: 'recipient_unavailable',
      detail: 'code 551',
      answered: false,
    });
    await stage.engine().deliver([privateReply]);
    expect(await stage.message(privateReply)).toMatchObject({
      state: 'failed',
      reason: 'recipient_unavailable',
      detail: 'code 551',
    });
    expect(await stage.message(publicReply)).toMatchObject({
      state: 'cancelled',
      reason: 'private_message_not_sent',
    });
    expect(await stage.delivery(deliveryId)).toMatchObject({
      state: 'failed',
      reason: 'recipient_unavailable',
    });
    expect((await stage.delivery(deliveryId)).ledger.slice(2)).toEqual(['message.failed', 'delivery.failed']);
  });
});

describe('a send of which nobody knows the outcome', () => {
  it.each([
    ['the answer did not come', (): SendOutcome => lostAnswer],
    [
      'the adapter broke',
      (): SendOutcome => {
        throw new TypeError('a bug');
      },
    ],
  ])('is unconfirmed and never repeated by itself: %s', async (_why, lose) => {
    const { privateReply, publicReply, deliveryId } = await stage.begin();
    stage.answer = lose;
    await stage.engine().deliver([privateReply]);
    stage.later(60 * 60_000);
    await stage.scheduler().tick();
    await stage.engine().deliver([privateReply, publicReply]);
    expect(stage.platform.asked).toHaveLength(1);
    expect(await stage.message(privateReply)).toMatchObject({ state: 'unconfirmed' });
    expect(await stage.delivery(deliveryId)).toMatchObject({ state: 'waiting' });
  });

  it('is what the scheduler makes of a message whose sender died', async () => {
    const { privateReply, deliveryId } = await stage.begin();
    let hang: ((outcome: SendOutcome) => void) | undefined;
    stage.answer = () =>
      new Promise((resolve) => {
        hang = resolve;
      });
    const dying = stage.engine().deliver([privateReply]);
    await expect.poll(() => hang).toBeDefined();
    expect((await stage.scheduler().tick()).abandoned).toBe(0);

    stage.later(3 * 60_000);
    expect((await stage.scheduler().tick()).abandoned).toBe(1);
    expect(await stage.message(privateReply)).toMatchObject({ state: 'unconfirmed', reason: 'sender_died' });
    expect((await stage.delivery(deliveryId)).ledger.at(-1)).toBe('message.unconfirmed');

    // The dead come back: what they say under a lease that is over does not count.
    hang?.({ kind: 'sent', externalId: 'late', recipientId: null, restMs: 0 });
    await dying;
    expect(stage.reports.at(-1)).toMatchObject({ outcome: 'sent', accepted: false });
    expect(await stage.message(privateReply)).toMatchObject({ state: 'unconfirmed', external_id: null });
  });
});

describe('a message that did not leave', () => {
  it('is tried again when its time has come, woken by the scheduler, and counts its tries', async () => {
    const { privateReply } = await stage.begin();
    stage.answer = () => ({ kind: 'not_sent', reason: 'connection_refused', detail: '' });
    await stage.engine().deliver([privateReply]);
    const resting = await stage.message(privateReply);
    expect(resting).toMatchObject({ state: 'queued', reason: 'connection_refused', attempts: 1 });
    await stage.engine().deliver([privateReply]);
    expect(stage.platform.asked).toHaveLength(1);

    stage.now = new Date(resting.due_at.getTime() + 1);
    await stage.scheduler().tick();
    expect(stage.woken).toContain(privateReply);
    stage.answer = sent;
    await stage.engine().deliver([privateReply]);
    expect(await stage.message(privateReply)).toMatchObject({ state: 'sent', attempts: 2, reason: null });
  });

  it('expires when the platform’s window closes over it', async () => {
    const { privateReply, publicReply, deliveryId } = await stage.begin();
    stage.later(8 * 24 * 60 * 60_000);
    await stage.engine().deliver([privateReply]);
    expect(stage.platform.asked).toHaveLength(0);
    expect((await stage.scheduler().tick()).expired).toBeGreaterThan(0);
    expect(await stage.message(privateReply)).toMatchObject({ state: 'expired', reason: 'window_closed' });
    expect(await stage.message(publicReply)).toMatchObject({ state: 'cancelled' });
    expect(await stage.delivery(deliveryId)).toMatchObject({ state: 'expired', reason: 'window_closed' });
    expect((await stage.delivery(deliveryId)).ledger.slice(2)).toEqual([
      'message.expired',
      'delivery.expired',
    ]);
  });
});

describe('an account that may not send', () => {
  it('is paused with the reason, once in the ledger, and its messages wait until it is resumed', async () => {
    const first = await stage.begin();
    stage.answer = () => ({ kind: 'account', reason: 'token_invalid', detail: 'code 190' });
    await stage.engine().deliver([first.privateReply]);
    const { rows } = await stage.seeded.pool.query('select state, state_reason from accounts where id = $1', [
      stage.seeded.accountId,
    ]);
    expect(rows[0]).toEqual({ state: 'paused', state_reason: 'token_invalid' });
    const paused = await stage.seeded.pool.query(
      "select detail from ledger_entries where kind = 'account.paused'",
    );
    expect(paused.rows).toEqual([{ detail: { reason: 'token_invalid', said: 'code 190' } }]);

    const resting = await stage.message(first.privateReply);
    expect(resting).toMatchObject({ state: 'queued', attempts: 0 });
    stage.now = new Date(resting.due_at.getTime() + 1);
    await stage.engine().deliver([first.privateReply]);
    expect(stage.platform.asked).toHaveLength(1);

    await stage.seeded.pool.query("update accounts set state = 'active' where id = $1", [
      stage.seeded.accountId,
    ]);
    stage.answer = sent;
    await stage.engine().deliver([first.privateReply]);
    expect(await stage.message(first.privateReply)).toMatchObject({ state: 'sent', attempts: 1 });
  });
});

describe('a wake that was lost', () => {
  it('is made good by the scheduler after a grace, by one of several only', async () => {
    const { privateReply } = await stage.begin();
    await stage.scheduler().tick();
    expect(stage.woken).not.toContain(privateReply);
    stage.later(31_000);
    await Promise.all([stage.scheduler().tick(), stage.scheduler().tick(), stage.scheduler().tick()]);
    expect(stage.woken.filter((id) => id === privateReply)).toHaveLength(1);
  });
});
