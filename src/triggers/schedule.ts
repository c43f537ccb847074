export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

/** When a trigger counts. */
export interface Schedule {
  /** From this moment on, ISO 8601; null for no beginning. */
  activeFrom: string | null;
  /** Until just before this moment. */
  activeUntil: string | null;
  /** Only then, by the clock on a wall; null for always. */
  activeHours: ActiveHours | null;
}

export interface ActiveHours {
  /** By its IANA name. */
  timeZone: string;
  days: readonly Weekday[];
  /** HH:MM; where `to` is not later, the hours go on into the next day, as those of the day on which they begin. */
  from: string;
  to: string;
}

export type ScheduleMiss = 'outside_dates' | 'outside_hours';

const minutesPerDay = 24 * 60;

export function scheduleMiss(schedule: Schedule, at: Date): ScheduleMiss | null {
  const { activeFrom, activeUntil, activeHours } = schedule;
  if (activeFrom !== null && at.getTime() < Date.parse(activeFrom)) return 'outside_dates';
  if (activeUntil !== null && at.getTime() >= Date.parse(activeUntil)) return 'outside_dates';
  return activeHours === null || isWithin(activeHours, at) ? null : 'outside_hours';
}

function isWithin({ timeZone, days, from, to }: ActiveHours, at: Date): boolean {
  const { day, minute } = wallClock(timeZone, at);
  const begin = toMinute(from);
  const length = (toMinute(to) - begin + minutesPerDay) % minutesPerDay || minutesPerDay;
  const since = minute - begin;
  if (since >= 0 && since < length && days.includes(weekdays[day] as Weekday)) return true;
  const sinceYesterday = since + minutesPerDay;
  return sinceYesterday < length && days.includes(weekdays[(day + 6) % 7] as Weekday);
}

function toMinute(time: string): number {
  const [hour, minute] = time.split(':').map(Number) as [number, number];
  return hour * 60 + minute;
}

/** Making one takes a thousand times as long as asking it. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function wallClock(timeZone: string, at: Date): { day: number; minute: number } {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    const options = {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    } as const;
    clock = new Intl.DateTimeFormat('en-US', options);
    clocks.set(timeZone, clock);
  }
  const parts = new Map(clock.formatToParts(at).map(({ type, value }) => [type, value]));
  const day = weekdays.indexOf((parts.get('weekday') ?? '').toLowerCase() as Weekday);
  return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
}

/** Whether this runtime knows the time zone. */
export function isTimeZone(name: string): boolean {
  // An offset is known too, and has no summer.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
