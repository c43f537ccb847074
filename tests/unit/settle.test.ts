import { describe, expect, it } from 'vitest';
import { retryDelayMs, settle, settleLookUp } from '../../src/deliveries/settle.ts';
import type { SendOutcome } from '../../src/platforms/port.ts';

const now = new Date('2026-11-23T12:00:00Z');
const inAWeek = new Date('2026-11-30T12:00:00Z');
const soon = new Date('2026-11-23T12:00:20Z');
const detail = 'what the platform said';
const half = () => 0.5;

const privateReply = { kind: 'private_reply', attempts: 1, deadlineAt: inAWeek, doubted: false } as const;
const publicReply = { kind: 'public_reply', attempts: 1, deadlineAt: inAWeek, doubted: false } as const;

function kinds(settlement: ReturnType<typeof settle>): string[] {
  return settlement.ledger.map((entry) => entry.kind);
}

describe('a private reply that was sent', () => {
  const settlement = settle(
    privateReply,
    { kind: 'sent', externalId: 'mid.1', recipientId: '526', restMs: 0 },
    now,
    half,
  );

  it('completes the delivery, learns whom to write to, and lets the public reply go', () => {
    expect(settlement).toMatchObject({
      message: { state: 'sent', externalId: 'mid.1', dueAt: null, refund: false },
      delivery: { state: 'delivered' },
      held: 'queued',
      recipientId: '526',
      pauseAccount: null,
    });
  });

  it('is two entries in the ledger: the message went out, the resource was given', () => {
    expect(kinds(settlement)).toEqual(['message.sent', 'resource.given']);
  });
});

describe('a private reply that was refused', () => {
  const settlement = settle(
    privateReply,
    { kind: 'rejected', reason: 'recipient_unavailable', detail, answered: false },
    now,
    half,
  );

  it('fails the delivery with the reason, and says nothing in public', () => {
    expect(settlement).toMatchObject({
      message: { state: 'failed', reason: 'recipient_unavailable', detail },
      delivery: { state: 'failed', reason: 'recipient_unavailable' },
      held: 'cancelled',
    });
    expect(kinds(settlement)).toEqual(['message.failed', 'delivery.failed']);
  });
});

describe('a message of which nobody knows whether it left', () => {
  const settlement = settle(privateReply, { kind: 'unknown', reason: 'timeout', detail }, now, half);

  it('is unconfirmed: not tried again, the delivery waits, nothing is said in public', () => {
    expect(settlement).toMatchObject({
      message: { state: 'unconfirmed', dueAt: null },
      delivery: null,
      held: null,
    });
    expect(kinds(settlement)).toEqual(['message.unconfirmed']);
  });
});

describe('a message that certainly did not leave', () => {
  it('is tried again later, and the try counts', () => {
    const settlement = settle(privateReply, { kind: 'not_sent', reason: 'unreachable', detail }, now, half);
    expect(settlement.message).toMatchObject({ state: 'queued', refund: false });
    expect(settlement.message.dueAt).toEqual(new Date(now.getTime() + 22_500));
    expect(settlement.delivery).toBeNull();
  });

  it('is given a last try before the platform’s window closes, however long its wait would be', () => {
    const inAnHour = { ...privateReply, attempts: 20, deadlineAt: new Date(now.getTime() + 30 * 60_000) };
    const settlement = settle(inAnHour, { kind: 'not_sent', reason: 'unreachable', detail }, now, () => 1);
    expect(settlement.message).toMatchObject({
      state: 'queued',
      dueAt: new Date(now.getTime() + 29 * 60_000),
    });
  });

  it('expires when that last try has failed', () => {
    const late = { ...privateReply, deadlineAt: soon };
    const settlement = settle(late, { kind: 'not_sent', reason: 'unreachable', detail }, now, half);
    expect(settlement).toMatchObject({
      message: { state: 'expired', reason: 'unreachable' },
      delivery: { state: 'expired', reason: 'unreachable' },
      held: 'cancelled',
    });
    expect(kinds(settlement)).toEqual(['message.expired', 'delivery.expired']);
  });
});

describe('a message for which the platform asked to slow down', () => {
  it('waits at least as long as asked, and the try does not count', () => {
    const settlement = settle(
      privateReply,
      { kind: 'throttled', retryAfterMs: 600_000, detail },
      now,
      () => 0,
    );
    expect(settlement.message).toMatchObject({ state: 'queued', reason: 'throttled', refund: true });
    expect(settlement.message.dueAt?.getTime()).toBe(now.getTime() + 600_000);
  });
});

describe('a message of an account that may not send', () => {
  it('goes back to the queue unharmed, and the account is paused', () => {
    const settlement = settle(privateReply, { kind: 'account', reason: 'token_invalid', detail }, now, half);
    expect(settlement.message).toMatchObject({ state: 'queued', refund: true });
    expect(settlement.pauseAccount).toEqual({ reason: 'token_invalid', detail });
    expect(settlement.delivery).toBeNull();
  });
});

describe('a public reply', () => {
  const outcomes: SendOutcome[] = [
    { kind: 'sent', externalId: '180', recipientId: null, restMs: 0 },
    { kind: 'rejected', reason: 'comment_gone', detail, answered: false },
    { kind: 'unknown', reason: 'timeout', detail },
    { kind: 'not_sent', reason: 'unreachable', detail },
  ];

  it.each(outcomes)('that is $kind leaves the delivery as it is', (outcome) => {
    const settlement = settle(publicReply, outcome, now, half);
    expect(settlement.delivery).toBeNull();
    expect(settlement.held).toBeNull();
    expect(kinds(settlement)).not.toContain('resource.given');
  });
});

describe('the wait before another try', () => {
  it('doubles from half a minute to an hour, between half and all of it', () => {
    expect([1, 2, 3, 20].map((attempts) => retryDelayMs(attempts, () => 0))).toEqual([
      15_000, 30_000, 60_000, 1_800_000,
    ]);
    expect([1, 2, 3, 20].map((attempts) => retryDelayMs(attempts, () => 1))).toEqual([
      30_000, 60_000, 120_000, 3_600_000,
    ]);
  });
});

describe('a private reply that goes out again after an attempt of unknown outcome', () => {
  const doubted = { ...privateReply, attempts: 2, doubted: true };

  it('and is refused because the comment has its answer is looked up: that answer is very likely ours', () => {
    const refusal = { kind: 'rejected', reason: 'already_replied', detail, answered: true } as const;
    const settlement = settle(doubted, refusal, now, half);
    expect(settlement.message).toMatchObject({
      state: 'unconfirmed',
      reason: 'refused_as_answered',
      lookUpAt: now,
    });
    expect(settlement.delivery).toBeNull();
    expect(settle(privateReply, refusal, now, half).message.state).toBe('failed');
  });

  it('and runs out of time is not called unsent', () => {
    const late = { ...doubted, deadlineAt: soon };
    const settlement = settle(late, { kind: 'not_sent', reason: 'unreachable', detail }, now, half);
    expect(settlement.message).toMatchObject({ state: 'unconfirmed', lookUpAt: null });
    expect(settlement.delivery).toBeNull();
  });
});

describe('a look-up', () => {
  const sought = { ...privateReply, doubted: true, lookUps: 1, reason: 'timeout' };
  const unavailable = { kind: 'unavailable', retryAfterMs: 30_000, detail } as const;

  it('that finds the message completes the delivery', () => {
    const found = { kind: 'found', externalId: 'mid.1', recipientId: '526', detail } as const;
    const settlement = settleLookUp(sought, found, 'refused_twice', now);
    expect(settlement).toMatchObject({
      message: { state: 'sent', externalId: 'mid.1' },
      delivery: { state: 'delivered' },
      held: 'queued',
      recipientId: '526',
    });
  });

  it.each([
    ['absent', 'refused_twice', 'queued'],
    ['absent', 'checkable', 'queued'],
    ['absent', 'blind', 'unconfirmed'],
    ['unclear', 'refused_twice', 'queued'],
    ['unclear', 'checkable', 'unconfirmed'],
    ['unclear', 'blind', 'unconfirmed'],
  ] as const)('that says %s of a message whose repetition is %s leaves it %s', (kind, repetition, state) => {
    const settlement = settleLookUp(sought, { kind, detail }, repetition, now);
    expect(settlement.message).toMatchObject({ state, lookUpAt: null });
  });

  it('that decides nothing after a refused repetition leaves it to a person', () => {
    const refused = { ...sought, reason: 'refused_as_answered' };
    const settlement = settleLookUp(refused, { kind: 'unclear', detail }, 'refused_twice', now);
    expect(settlement.message).toMatchObject({ state: 'unconfirmed', lookUpAt: null });
  });

  it('that could not be made is made again, later each time, and in the end left to a person', () => {
    const waits = [1, 2, 3].map((lookUps) => {
      const { lookUpAt } = settleLookUp({ ...sought, lookUps }, unavailable, 'checkable', now).message;
      return ((lookUpAt?.getTime() ?? 0) - now.getTime()) / 1_000;
    });
    expect(waits).toEqual([30, 60, 120]);
    const tired = settleLookUp({ ...sought, lookUps: 12 }, unavailable, 'checkable', now);
    expect(tired.message).toMatchObject({ state: 'unconfirmed', lookUpAt: null });
  });

  it('that finds nothing when the window has closed ends the delivery as expired', () => {
    const late = { ...sought, deadlineAt: now };
    const settlement = settleLookUp(late, { kind: 'absent', detail }, 'refused_twice', now);
    expect(settlement).toMatchObject({
      message: { state: 'expired', reason: 'window_closed' },
      delivery: { state: 'expired' },
    });
  });

  it('adds nothing to the ledger that is there already', () => {
    expect(settleLookUp(sought, unavailable, 'checkable', now).ledger).toEqual([]);
  });
});
