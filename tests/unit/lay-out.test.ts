import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Lane, layOut, type Waiting } from '../../src/deliveries/lay-out.ts';

const nowMs = Date.UTC(2026, 10, 23, 12);
const hourMs = 3_600_000;
const within = (ms: number) => fc.integer({ min: -ms, max: ms }).map((offset) => nowMs + offset);

const lane: fc.Arbitrary<Lane> = fc.record({
  stepMs: fc.integer({ min: 1_000, max: hourMs / 4 }),
  burst: fc.integer({ min: 1, max: 50 }),
  usedUntilMs: within(2 * hourMs),
  restUntilMs: fc.oneof(fc.constant(0), within(3 * hourMs)),
});
const waiting: fc.Arbitrary<Waiting[]> = fc
  .array(fc.record({ deadlineMs: within(20 * hourMs), notBeforeMs: fc.constant(0) }), { maxLength: 200 })
  .map((messages) => messages.toSorted((a, b) => a.deadlineMs - b.deadlineMs));

describe('a lane that is laid out', () => {
  it('lets no more through in any hour than a burst and the pace of an hour', () => {
    fc.assert(
      fc.property(lane, waiting, (given, messages) => {
        const { dueMs } = layOut(given, messages, nowMs);
        const made = dueMs
          .filter((due, index) => due <= messages[index]!.deadlineMs)
          .toSorted((a, b) => a - b);
        const most = given.burst + Math.ceil(hourMs / given.stepMs);
        for (const [index, due] of made.entries()) {
          const sameHour = made.slice(index).filter((other) => other < due + hourMs).length;
          expect(sameHour).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  it('keeps the order of deadlines, begins after a rest, and gives no slot to what is too late for its own', () => {
    fc.assert(
      fc.property(lane, waiting, (given, messages) => {
        const { dueMs, nextSlotMs } = layOut(given, messages, nowMs);
        for (const [index, due] of dueMs.entries()) {
          expect(due).toBeGreaterThanOrEqual(Math.max(nowMs, given.restUntilMs));
          if (index > 0) expect(due).toBeGreaterThanOrEqual(dueMs[index - 1]!);
        }
        const inTime = messages.filter((message, index) => dueMs[index]! <= message.deadlineMs);
        expect(layOut(given, inTime, nowMs)).toEqual({
          dueMs: dueMs.filter((due, index) => due <= messages[index]!.deadlineMs),
          nextSlotMs,
        });
      }),
    );
  });

  it('uses the burst that is left, and none after a rest', () => {
    const messages = Array.from({ length: 4 }, () => ({ deadlineMs: nowMs + hourMs, notBeforeMs: 0 }));
    const calm = { stepMs: 60_000, burst: 3, usedUntilMs: nowMs - hourMs, restUntilMs: 0 };
    const minutes = (laid: number[]) => laid.map((due) => (due - nowMs) / 60_000);
    expect(minutes(layOut(calm, messages, nowMs).dueMs)).toEqual([0, 0, 0, 1]);
    expect(minutes(layOut({ ...calm, usedUntilMs: nowMs + 120_000 }, messages, nowMs).dueMs)).toEqual([
      0, 1, 2, 3,
    ]);
    const rested = { ...calm, restUntilMs: nowMs + 600_000 };
    expect(minutes(layOut(rested, messages, nowMs).dueMs)).toEqual([10, 11, 12, 13]);
  });

  it('does not call a message too early that has to wait for another reason', () => {
    const messages = [{ deadlineMs: nowMs + hourMs, notBeforeMs: nowMs + 1_000 }];
    const calm = { stepMs: 60_000, burst: 3, usedUntilMs: 0, restUntilMs: 0 };
    expect(layOut(calm, messages, nowMs).dueMs).toEqual([nowMs + 1_000]);
  });
});
