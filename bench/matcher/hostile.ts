/** Comments and keywords that are made to take long. */
import { compileTriggers, type MatchableTrigger } from '../../src/triggers/matcher.ts';
import { triggerOf } from './triggers.ts';

const prefixes = Array.from({ length: 50 }, (_, index) => 'a '.repeat(index + 1).trim());
const alike = Array.from(
  { length: 50 },
  (_, index) => `abcdefgh${'abcdefghij'[index % 10]}${'klmno'[index % 5]}`,
);

type Case = [name: string, rules: Partial<MatchableTrigger['definition']>, piece: string];

const cases: Case[] = [
  ['one word over and over', { keywords: ['guide'] }, 'guide '],
  ['keywords that are prefixes of one another', { keywords: prefixes }, 'a '],
  ['keywords that nearly are', { keywords: [...prefixes.slice(0, 49), `${prefixes[48]} b`] }, 'a '],
  [
    'prefixes in a script without spaces',
    { keywords: prefixes.map((p) => p.replaceAll('a', '资').replaceAll(' ', '')) },
    '资',
  ],
  ['a word across two words, over and over', { keywords: ['资料'] }, '投资料理'],
  ['one endless word', { keywords: ['guide'] }, 'a'],
  ['letters held down', { keywords: ['guide'] }, 'guiiide '],
  ['a letter held down for ever', { keywords: ['aab'] }, 'aaaaaaaaaaab '],
  ['slips', { keywords: alike, typos: true }, 'abcdefghqz '],
  [
    'long words with slips',
    { keywords: ['abcdefghijklmnopqrstuvwx'], typos: true },
    'abcdefghijklmnopqrstuvqq ',
  ],
  [
    'contained prefixes',
    { mode: 'contains', keywords: prefixes.map((p) => `${p.replaceAll(' ', '')}a`) },
    'a',
  ],
  ['refusals', { keywords: ['guide'] }, "don't send me the guide "],
  ['refusals that are none', { keywords: ['guide'] }, "don't forget to send me the guide "],
  ['every comment', { mode: 'any' }, "don't know. "],
  ['hashtags', { mode: 'hashtag', keywords: ['guide'] }, '#guid '],
  ['one endless joined emoji', { mode: 'emoji', keywords: ['👩'] }, '👩\u200d'],
  ['one letter with endless marks', { keywords: ['guide'] }, '\u0e38\u0e48'],
  ['at signs', { keywords: ['guide'] }, 'a@'],
  ['hosts', { keywords: ['guide'] }, 'a.b/'],
  ['schemes', { keywords: ['guide'] }, 'a://'],
  ['dots before an at sign that does not come', { keywords: ['guide'] }, 'a.'],
  ['spaces', { keywords: ['guide'] }, ' '],
  ['signs', { keywords: ['guide+'] }, '+'],
  ['signs that touch words', { keywords: ['a++', '+a+b', `a${'+a'.repeat(48)}+b`] }, '+a'],
  ['breves', { keywords: ['й'] }, 'и\u0306'],
];

export interface HostileTime {
  name: string;
  /** For 100 KB of UTF-8. */
  ms: number;
  /** Against 10 KB: 10 is linear. */
  growth: number;
}

/** The fastest of several, because a pause of the machine only ever adds. */
function fastestMs(match: () => void, runs: number): number {
  let fastest = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run += 1) {
    const begun = performance.now();
    match();
    fastest = Math.min(fastest, performance.now() - begun);
  }
  return fastest;
}

export function measureHostile(): HostileTime[] {
  return cases.map(([name, rules, piece]) => {
    const set = compileTriggers([triggerOf(0, rules)]);
    const bytes = Buffer.byteLength(piece);
    const time = (kilobytes: number, runs: number) => {
      const text = piece.repeat(Math.floor((kilobytes * 1_000) / bytes));
      return fastestMs(
        () => set.match({ text, isReply: false, mediaId: null, door: 'comment', at: new Date(0) }),
        runs,
      );
    };
    time(10, 50);
    const long = time(100, 25);
    return { name, ms: long, growth: long / time(10, 100) };
  });
}
