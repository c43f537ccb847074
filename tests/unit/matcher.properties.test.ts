import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Automaton } from '../../src/triggers/automaton.ts';
import type { TriggerDefinition } from '../../src/triggers/definition.ts';
import { keywordKey } from '../../src/triggers/keyword.ts';
import {
  compileTriggers,
  type MatchableComment,
  type MatchableTrigger,
  missReasons,
  type TriggerSet,
} from '../../src/triggers/matcher.ts';
import { matchModes } from '../../src/triggers/modes.ts';
import { judgedCases } from './matcher.cases.ts';

const keywords = [
  'guide',
  'free guide',
  'straße',
  'ΟΔΗΓΌΣ',
  'ガイド',
  '资料',
  'कि',
  '가이드',
  'ébook',
  '🔥',
  '👩‍💻',
  'c++',
  '+1',
  'q&a',
  '🎁 yes',
];

/** Words that are keywords, nearly are, or are not. */
const word = fc.constantFrom(
  ...keywords,
  ...[
    'Guidé',
    'guideline',
    'free',
    'STRASSE',
    'οδηγός',
    '资',
    '料',
    '가',
    'please',
    '@guide',
    'x.com/guide',
    '👩',
    'c',
    '++',
    '1',
    '+',
    '🎁',
    'yes',
  ],
);
const sentence = fc
  .array(fc.tuple(word, fc.constantFrom(' ', '  ', '\n', ', ', ' 💬 ')), { maxLength: 8 })
  .map((parts) => parts.flat().join(''));
const anyText = fc.oneof(
  sentence,
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
    .map((units) => String.fromCharCode(...units)),
);

const trigger: fc.Arbitrary<Omit<MatchableTrigger, 'id'>> = fc.record({
  version: fc.constant(1),
  name: fc.constant('trigger'),
  state: fc.constantFrom('active', 'active', 'active', 'paused', 'archived'),
  priority: fc.integer({ min: 0, max: 3 }),
  resourceId: fc.constant('resource'),
  definition: fc.record({
    keywords: fc.array(fc.oneof(fc.constantFrom(...keywords), anyText), { minLength: 1, maxLength: 4 }),
    includeReplies: fc.boolean(),
    mediaIds: fc.constantFrom([], ['m1'], ['m1', 'm2']),
    dmTemplates: fc.constant<TriggerDefinition['dmTemplates']>([]),
    publicReplies: fc.constant<TriggerDefinition['publicReplies']>([]),
    frequency: fc.constant<TriggerDefinition['frequency']>('once_per_trigger'),
  }),
});
const triggers: fc.Arbitrary<MatchableTrigger[]> = fc
  .array(trigger, { maxLength: 6 })
  .map((list) => list.map((each, index) => ({ id: `t${index}`, ...each })));
const comment: fc.Arbitrary<MatchableComment> = fc.record({
  text: anyText,
  isReply: fc.boolean(),
  door: fc.constant('comment' as const),
  at: fc.constant(new Date(0)),
  mediaId: fc.constantFrom(null, 'm1', 'm2', 'm3'),
});

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

function say(text: string): MatchableComment {
  return { text, isReply: false, mediaId: null, door: 'comment', at: new Date(0) };
}

/** Which keywords are in the text. */
function heard(set: TriggerSet, text: string): string[] {
  return set
    .explain(say(text))
    .filter(({ verdict }) => verdict !== 'keyword_absent')
    .map(({ trigger: { name } }) => name);
}

describe('for any comment', () => {
  it('explaining agrees with matching', () => {
    fc.assert(
      fc.property(triggers, comment, (listed, said) => {
        const set = compileTriggers(listed);
        const result = set.match(said);
        const verdicts = set.explain(said);
        const fired = verdicts.filter(({ verdict }) => verdict === 'fired');
        if (result.matched) {
          expect(fired).toEqual([{ trigger: result.trigger, verdict: 'fired', hit: result.hit }]);
          return;
        }
        expect(fired).toEqual([]);
        const nearest = ['other_post', 'replies_not_wanted', 'keyword_absent'].find((reason) =>
          verdicts.some(({ verdict }) => verdict === reason),
        );
        expect(result.reason).toBe(nearest ?? 'no_trigger');
      }),
      { numRuns: 2_000 },
    );
  });

  it('a trigger before the one that fired had a reason not to', () => {
    fc.assert(
      fc.property(triggers, comment, (listed, said) => {
        const verdicts = compileTriggers(listed).explain(said);
        const fired = verdicts.findIndex(({ verdict }) => verdict === 'fired');
        for (const [rank, { verdict }] of verdicts.entries()) {
          if (verdict === 'outranked') expect(rank).toBeGreaterThan(fired);
        }
        expect(verdicts).toHaveLength(listed.length);
      }),
    );
  });

  it('the highlighted text is the keyword, from its beginning to its end', () => {
    fc.assert(
      fc.property(triggers, comment, (listed, said) => {
        for (const verdict of compileTriggers(listed).explain(said)) {
          if (!('hit' in verdict)) continue;
          const { keyword, start, end } = verdict.hit;
          expect(start).toBeLessThan(end);
          expect(end).toBeLessThanOrEqual(said.text.length);
          const [again] = listeningFor(keyword).explain(say(said.text.slice(start, end)));
          expect(again).toMatchObject({ hit: { start: 0, end: end - start } });
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('the same is answered again, also by a set compiled from another order', () => {
    fc.assert(
      fc.property(triggers, comment, (listed, said) => {
        const set = compileTriggers(listed);
        const again = compileTriggers(listed.toReversed());
        expect(set.match(said)).toEqual(set.match(said));
        expect(again.explain(said)).toEqual(set.explain(said));
      }),
    );
  });

  it('a keyword of several words is found where a plain search finds it first', () => {
    const words = fc
      .array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 6 })
      .map((parts) => parts.join(' '));
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 20 })
      .map((parts) => parts.join(' '));
    fc.assert(
      fc.property(fc.uniqueArray(words, { minLength: 1, maxLength: 8 }), text, (listed, said) => {
        const set = listeningFor(...listed);
        for (const verdict of set.explain(say(said))) {
          const at = ` ${said} `.indexOf(` ${verdict.trigger.name} `);
          expect('hit' in verdict ? verdict.hit.start : -1).toBe(at);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('a keyword is found in itself, or could never be', () => {
    fc.assert(
      fc.property(anyText, (keyword) => {
        expect(heard(listeningFor(keyword), keyword)).toEqual(keywordKey(keyword) === '' ? [] : [keyword]);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('what does not change a match', () => {
  const set = listeningFor(...keywords);
  const noise = fc
    .array(fc.constantFrom('!', '?', '…', '"', '»', '(', '*', '_', ' ', '\n', '💬', '✨', '👏🏽', '\u200b'), {
      maxLength: 6,
    })
    .map((parts) => parts.join(''));

  it('punctuation and emoji around the comment', () => {
    fc.assert(
      fc.property(sentence, noise, noise, (text, before, after) => {
        // White space, so that the noise does not become part of a link or an emoji at the edge.
        expect(heard(set, `${before} ${text} ${after}`)).toEqual(heard(set, text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('punctuation and emoji that touch the keyword', () => {
    const words = keywords.filter((keyword) => /\p{L}/u.test(keyword));
    fc.assert(
      fc.property(fc.constantFrom(...words), noise, noise, (keyword, before, after) => {
        expect(heard(set, before + keyword + after)).toEqual(heard(set, keyword));
      }),
      { numRuns: 1_000 },
    );
  });

  it('capitals and small letters', () => {
    fc.assert(
      fc.property(sentence, fc.infiniteStream(fc.boolean()), (text, coins) => {
        const mixed = [...text].map((char) => (coins.next().value ? char.toUpperCase() : char.toLowerCase()));
        const expected = heard(set, text);
        expect(heard(set, text.toUpperCase())).toEqual(expected);
        expect(heard(set, text.toLowerCase())).toEqual(expected);
        expect(heard(set, mixed.join(''))).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it('the form in which accents are written', () => {
    fc.assert(
      fc.property(sentence, (text) => {
        expect(heard(set, text.normalize('NFD'))).toEqual(heard(set, text.normalize('NFC')));
      }),
    );
  });

  it('other keywords', () => {
    for (const [text, keyword, highlighted] of judgedCases) {
      const alone = listeningFor(keyword);
      const among = listeningFor(...judgedCases.map(([, other]) => other));
      expect(heard(among, text).includes(keyword), `${text} · ${keyword}`).toBe(highlighted !== null);
      expect(heard(alone, text)).toHaveLength(highlighted === null ? 0 : 1);
    }
  });
});

describe('noise around a keyword', () => {
  const letters = fc.constantFrom(
    '',
    '@anna ',
    'https://x.com/a ',
    '🔥',
    '...',
    ' ',
    '\u200b',
    '«',
    '(',
    '\n',
  );
  const noises = fc.array(letters, { maxLength: 5 }).map((parts) => parts.join(''));
  const words = keywords.filter((keyword) => /^[\p{L}\p{M} ]+$/u.test(keyword));

  it('never changes whether a word matches, nor how', () => {
    fc.assert(
      fc.property(fc.constantFrom(...words), noises, noises, (keyword, before, after) => {
        const text = `${before} ${keyword} ${after}`;
        const result = listeningFor(keyword).match(say(text));
        expect(result).toMatchObject({ matched: true, hit: { how: 'exact' } });
        if (result.matched) expect(text.slice(result.hit.start, result.hit.end)).toBe(keyword);
      }),
      { numRuns: 1_000 },
    );
  });

  it('nor do letters that are held down', () => {
    const spaced = words.filter((keyword) => /^[a-zé ]+$/u.test(keyword));
    fc.assert(
      fc.property(
        fc.constantFrom(...spaced),
        fc.nat(),
        fc.integer({ min: 3, max: 9 }),
        (keyword, at, times) => {
          const place = at % keyword.length;
          const letter = keyword.charAt(place);
          if (letter === ' ') return;
          const text = keyword.slice(0, place) + letter.repeat(times) + keyword.slice(place + 1);
          expect(listeningFor(keyword).match(say(text))).toMatchObject({
            matched: true,
            hit: { how: 'stretched' },
          });
        },
      ),
    );
  });
});

describe('in every mode', () => {
  const rules = fc.record({
    mode: fc.constantFrom(...matchModes),
    typos: fc.boolean(),
    skipRefusals: fc.boolean(),
    language: fc.constantFrom(null, 'tr' as const, 'de' as const),
    exclude: fc.constantFrom<string[]>([], ['please']),
  });
  const listed = fc.array(fc.tuple(trigger, rules), { maxLength: 6 }).map((list) =>
    list.map(([each, extra], index) => ({
      id: `t${index}`,
      ...each,
      definition: { ...each.definition, ...extra },
    })),
  );

  it('matching agrees with explaining, and a hit lies within the comment', () => {
    fc.assert(
      fc.property(listed, comment, (triggersOfAllModes, said) => {
        const set = compileTriggers(triggersOfAllModes);
        const result = set.match(said);
        const verdicts = set.explain(said);
        const fired = verdicts.find(({ verdict }) => verdict === 'fired');
        expect(set.match(said)).toEqual(result);
        if (result.matched) {
          expect(fired).toEqual({ trigger: result.trigger, verdict: 'fired', hit: result.hit });
          expect(result.hit.end).toBeLessThanOrEqual(said.text.length);
          return;
        }
        expect(fired).toBeUndefined();
        const nearest = missReasons.findLast((reason) => verdicts.some(({ verdict }) => verdict === reason));
        expect(result.reason).toBe(nearest ?? 'no_trigger');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the steps of the automaton', () => {
  it('are at most two for each token, whatever the patterns', () => {
    const row = (max: number) => fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: max });
    fc.assert(
      fc.property(fc.array(row(12), { minLength: 1, maxLength: 30 }), row(200), (patterns, text) => {
        const automaton = new Automaton<number>();
        for (const [index, tokens] of patterns.entries()) automaton.plant(tokens, index);
        automaton.link();
        let state = 0;
        const before = automaton.steps;
        for (const token of text) state = automaton.advance(state, token);
        expect(automaton.steps - before).toBeLessThanOrEqual(2 * text.length);
      }),
    );
  });
});
