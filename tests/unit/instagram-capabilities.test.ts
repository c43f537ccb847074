import { describe, expect, test } from 'vitest';
import { capabilities, paceOf } from '../../src/platforms/instagram/capabilities.ts';
import { messageKinds } from '../../src/platforms/port.ts';

describe('the paces', () => {
  const inAnHour = (name: string) => capabilities.paces[name]!.burst + capabilities.paces[name]!.perHour;
  const inASecond = (name: string) =>
    capabilities.paces[name]!.burst + capabilities.paces[name]!.perHour / 3600;

  test('stay below what Instagram documents, with room for repetitions', () => {
    expect(inAnHour('private_reply')).toBeLessThanOrEqual(0.95 * 750);
    expect(inASecond('live_private_reply')).toBeLessThanOrEqual(0.95 * 100);
    expect(inASecond('direct_message')).toBeLessThanOrEqual(0.95 * 100);
  });

  test('let a public reply follow each private one', () => {
    expect(capabilities.paces.public_reply).toEqual(capabilities.paces.private_reply);
  });

  test('count a private reply under a live broadcast by itself, and nothing else', () => {
    expect(messageKinds.map((kind) => paceOf(kind, false))).toEqual(messageKinds);
    expect(messageKinds.map((kind) => paceOf(kind, true))).toEqual([
      'live_private_reply',
      'public_reply',
      'direct_message',
    ]);
    for (const kind of messageKinds) {
      for (const live of [true, false]) expect(capabilities.paces).toHaveProperty(paceOf(kind, live));
    }
  });
});
