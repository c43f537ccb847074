import type { MatchMode } from './modes.ts';

/**
 * What readers pay. A public comment is reach for the account and so a payment; a private message is none. The gates
 * that a trigger puts before its resource add theirs at each door.
 */

/** Ways in: a public comment, or a private message with the keyword. */
export const doors = ['comment', 'private'] as const;
export type Door = (typeof doors)[number];

/** In the order in which they are asked. */
export const payments = ['comment', 'connection', 'follow', 'email'] as const;
export type Payment = (typeof payments)[number];

/** What is asked at one door. */
export interface Price {
  door: Door;
  payments: Payment[];
}

interface Priced {
  doors: readonly Door[];
  mode: MatchMode;
  mediaIds: readonly string[];
}

/**
 * The doors by which anybody can come, the public one first. A message stands under no post, and where every message
 * counted the machine would answer whatever anybody writes: such triggers have no private door, whatever they say.
 */
export function openDoors(trigger: Priced): Door[] {
  const hearsMessages = trigger.mode !== 'any' && trigger.mediaIds.length === 0;
  return doors.filter((door) => trigger.doors.includes(door) && (door !== 'private' || hearsMessages));
}

/** @returns what is asked at each door that the trigger has, the public one first */
export function price(trigger: Priced): Price[] {
  return openDoors(trigger).map((door) => ({ door, payments: asked(door) }));
}

/** What a trigger asks at one of its doors. */
export function priceAt(door: Door): number {
  return asked(door).length;
}

/** The most that anybody is asked for: what a workspace's `maxPrice` bounds. */
export function highestPrice(trigger: Priced): number {
  return Math.max(0, ...price(trigger).map(({ payments: each }) => each.length));
}

function asked(door: Door): Payment[] {
  return door === 'comment' ? ['comment'] : [];
}
