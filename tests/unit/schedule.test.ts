import { describe, expect, it } from 'vitest';
import { type ActiveHours, scheduleMiss, type Weekday, weekdays } from '../../src/triggers/schedule.ts';

function miss(at: string, hours: Partial<ActiveHours> & { days?: Weekday[] } = {}) {
  const activeHours = { timeZone: 'Europe/Amsterdam', days: weekdays, from: '09:00', to: '17:30', ...hours };
  return scheduleMiss({ activeFrom: null, activeUntil: null, activeHours }, new Date(at));
}

describe('the hours of a trigger', () => {
  it.each([
    ['2026-11-25T08:00:00Z', null, 'nine in winter'],
    ['2026-11-25T07:59:59Z', 'outside_hours', 'a second before'],
    ['2026-11-25T16:29:59Z', null, 'the last second'],
    ['2026-11-25T16:30:00Z', 'outside_hours', 'the end is not within'],
    ['2026-07-01T07:00:00Z', null, 'nine in summer'],
    ['2026-07-01T06:59:00Z', 'outside_hours', 'eight in summer'],
  ])('at %s: %s (%s)', (at, expected, _why) => {
    expect(miss(at)).toBe(expected);
  });

  it.each([
    ['2026-11-27T21:00:00Z', null, 'friday, ten in the evening'],
    ['2026-11-28T04:59:00Z', null, 'saturday morning belongs to friday night'],
    ['2026-11-28T05:00:00Z', 'outside_hours', 'it is over'],
    ['2026-11-28T21:00:00Z', 'outside_hours', 'saturday is not among the days'],
    ['2026-11-27T03:00:00Z', 'outside_hours', 'friday morning belongs to thursday'],
  ])('that go on into the next day, at %s: %s (%s)', (at, expected, _why) => {
    expect(miss(at, { from: '22:00', to: '06:00', days: ['fri'] })).toBe(expected);
  });

  it('that end when they begin are the whole day', () => {
    const days: Weekday[] = ['wed'];
    expect(miss('2026-11-24T23:00:00Z', { from: '00:00', to: '00:00', days })).toBeNull();
    expect(miss('2026-11-25T22:59:59Z', { from: '00:00', to: '00:00', days })).toBeNull();
    expect(miss('2026-11-25T23:00:00Z', { from: '00:00', to: '00:00', days })).toBe('outside_hours');
  });
});
