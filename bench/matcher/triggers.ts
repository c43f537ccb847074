/** Triggers and comments by the number, the same in every run. */
import type { MatchableTrigger } from '../../src/triggers/matcher.ts';

const syllables = [
  ...['ba', 'be', 'bo', 'da', 'de', 'do', 'fa', 'fi', 'ga', 'go', 'ka', 'ki', 'la', 'le', 'lo'],
  ...['ma', 'mi', 'na', 'no', 'pa', 'pe', 'ra', 'ri', 'sa', 'so', 'ta', 'te', 'va', 'vo', 'za', 'zu'],
];

/** Words that nobody says by accident: of three syllables and more. */
export function wordOf(index: number): string {
  let rest = index + syllables.length ** 2;
  let made = '';
  do {
    made += syllables[rest % syllables.length];
    rest = Math.floor(rest / syllables.length);
  } while (rest > 0);
  return made;
}

/** Every tenth is of two words. */
export function keywordOf(index: number): string {
  return index % 10 === 9 ? `free ${wordOf(index)}` : wordOf(index);
}

type Rules = Partial<MatchableTrigger['definition']>;

export function triggerOf(index: number, rules: Rules = {}): MatchableTrigger {
  return {
    id: `t${String(index).padStart(8, '0')}`,
    version: 1,
    name: `trigger ${index}`,
    state: 'active',
    priority: 0,
    resourceId: 'resource',
    definition: {
      keywords: [keywordOf(index)],
      includeReplies: true,
      mediaIds: [],
      dmTemplates: [],
      publicReplies: [],
      frequency: 'once_per_trigger',
      ...rules,
    },
  };
}

/** A generator of numbers in [0, 1) that gives the same ones again. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const chatter = [
  'Love this so much!! 🔥',
  'where did you get that jacket from? Looks so good on you',
  'omg yes',
  'This is exactly what I needed today, thank you for sharing it with all of us',
  '😍😍😍',
  'first!',
  'Can you do one about sourdough next?',
  "I've been following you since the beginning and this is your best post so far",
];
const askings = [
  '%',
  '% please!',
  'I would love the % 🙏',
  '%%%'.slice(0, 1),
  'Send me the %, thanks',
  'me! % % ',
];

/** One in five names a keyword; the others are what people say. */
export function commentsFor(triggers: number, count = 4_000): string[] {
  const random = seeded(triggers);
  const pick = <Item>(list: readonly Item[]) => list[Math.floor(random() * list.length)] as Item;
  return Array.from({ length: count }, () => {
    if (random() > 0.2) return pick(chatter);
    const keyword = keywordOf(Math.floor(random() * triggers));
    return pick(askings).replaceAll('%', random() < 0.3 ? keyword.toUpperCase() : keyword);
  });
}
