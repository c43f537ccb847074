/**
 * Does the time of a match grow no faster than the comment, whatever is in it, and hardly with the number of triggers?
 * Prints the ratio for comments ten times as long (10 is linear), and for 5,000 triggers against one.
 *
 *     node bench/matcher-growth.ts
 */
import { compileTriggers, type TriggerSet } from '../src/triggers/matcher.ts';

const runs = 15;

function listeningFor(...listed: string[]): TriggerSet {
  return compileTriggers(
    listed.map((keyword, index) => ({
      id: `t${String(index).padStart(6, '0')}`,
      version: 1,
      name: keyword,
      state: 'active',
      priority: 0,
      resourceId: 'resource',
      definition: {
        keywords: [keyword],
        includeReplies: true,
        mediaIds: [],
        dmTemplates: [],
        publicReplies: [],
        frequency: 'once_per_trigger',
      },
    })),
  );
}

/** The fastest of several, because a pause of the machine only ever adds. */
function fastestMs(set: TriggerSet, text: string): number {
  const times = Array.from({ length: runs }, () => {
    const begun = performance.now();
    set.match({ text, isReply: false, mediaId: null, door: 'comment', at: new Date(0) });
    return performance.now() - begun;
  });
  return Math.min(...times);
}

const prefixes = Array.from({ length: 50 }, (_, index) => 'a '.repeat(index + 1));
const hostile: Array<[name: string, keywords: string[], piece: string]> = [
  ['one word over and over', ['guide'], 'guide '],
  ['keywords that are prefixes of one another', prefixes, 'a '],
  ['keywords that nearly are', [...prefixes.slice(0, 49), `${'a '.repeat(49)}b`], 'a '],
  ['prefixes in an unspaced script', prefixes.map((prefix) => prefix.replaceAll('a ', '资')), '资'],
  ['one endless word', ['guide'], 'a'],
  ['one endless joined emoji', ['👩'], '👩\u200d'],
  ['one letter with endless marks', ['guide'], '\u0e38\u0e48'],
  ['at signs', ['guide'], 'a@'],
  ['hosts', ['guide'], 'a.b/'],
  ['schemes', ['guide'], 'a://'],
  ['dots before an at sign that does not come', ['guide'], 'a.'],
  ['spaces', ['guide'], ' '],
  ['signs', ['guide+'], '+'],
  ['signs that touch words', ['a++', '+a+b', `a${'+a'.repeat(49)}+b`], '+a'],
  ['breves', ['й'], 'и\u0306'],
];

for (const [name, keywords, piece] of hostile) {
  const set = listeningFor(...keywords);
  const short = fastestMs(set, piece.repeat(20_000 / piece.length));
  const long = fastestMs(set, piece.repeat(200_000 / piece.length));
  console.log(
    `${(long / short).toFixed(1).padStart(6)}x  ${name} (${short.toFixed(2)} ms, ${long.toFixed(2)} ms)`,
  );
}

const comment = 'Hey, love this post so much!! 🔥 the guide please, merci à toi. '.repeat(50);
const one = fastestMs(listeningFor('guide'), comment);
const many = fastestMs(
  listeningFor(...Array.from({ length: 5_000 }, (_, index) => `keyword ${index}`), 'guide'),
  comment,
);
console.log(`${(many / one).toFixed(1).padStart(6)}x  5,000 triggers against one`);
