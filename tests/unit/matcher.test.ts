import { describe, expect, it, test } from 'vitest';
import { triggerDefinition } from '../../src/triggers/definition.ts';
import { keywordProblem } from '../../src/triggers/keyword.ts';
import { compileTriggers, type MatchableComment, type MatchableTrigger } from '../../src/triggers/matcher.ts';
import { judgedCases } from './matcher.cases.ts';

type TriggerInput = Partial<Omit<MatchableTrigger, 'definition'>> & {
  keywords?: string[];
  includeReplies?: boolean;
  mediaIds?: string[];
};

function trigger({ keywords, includeReplies, mediaIds, ...rest }: TriggerInput = {}): MatchableTrigger {
  const dmTemplates = [{ text: 'Here: {{ resource.url }}' }];
  return {
    id: 'a',
    version: 1,
    name: 'Guide',
    state: 'active',
    priority: 0,
    resourceId: 'resource',
    definition: triggerDefinition.parse({
      keywords: keywords ?? ['guide'],
      includeReplies,
      mediaIds,
      dmTemplates,
    }),
    ...rest,
  };
}

function comment(text: string, rest: Partial<MatchableComment> = {}): MatchableComment {
  return { text, isReply: false, mediaId: null, door: 'comment', at: new Date(), ...rest };
}

/** What a person would see highlighted. */
function highlighted(text: string, ...keywords: string[]): string | null {
  const result = compileTriggers([trigger({ keywords })]).match(comment(text));
  return result.matched ? text.slice(result.hit.start, result.hit.end) : null;
}

function firedBy(triggers: MatchableTrigger[], said: MatchableComment): string {
  const result = compileTriggers(triggers).match(said);
  return result.matched ? result.trigger.id : result.reason;
}

describe('whether a keyword is in a comment, as a person would judge', () => {
  test.each(judgedCases)('%j and the keyword %j highlight %j: %s', (text, keyword, expected) => {
    expect(highlighted(text, keyword)).toBe(expected);
  });

  it('does not depend on which of the two is decomposed', () => {
    for (const [text, keyword, expected] of judgedCases) {
      for (const form of ['NFC', 'NFD'] as const) {
        const found = highlighted(text.normalize(form), keyword.normalize(form)) !== null;
        expect(found, `${text} · ${keyword}`).toBe(expected !== null);
      }
    }
  });

  it('puts two marks on one letter into one order', () => {
    expect(highlighted('क\u093c\u0951', 'क\u0951\u093c')).not.toBeNull();
  });

  it('folds every letter of Unicode with its capital', () => {
    const letters: string[] = [];
    for (let codePoint = 0; codePoint < 0x20000; codePoint += 1) {
      const char = String.fromCodePoint(codePoint);
      // A iota below is an accent, its capital a letter: only ancient Greek has it.
      if (/\p{L}/u.test(char) && !char.normalize('NFD').includes('\u0345')) letters.push(char);
    }
    const changed = letters.filter((char) => char.toUpperCase() !== char || char.toLowerCase() !== char);
    expect(changed.length).toBeGreaterThan(2_500);
    const wrong = changed.filter(
      (char) =>
        highlighted(char.toUpperCase(), char) === null || highlighted(char.toLowerCase(), char) === null,
    );
    expect(wrong).toEqual([]);
  });
});

describe('the hit', () => {
  it('is the leftmost of the keywords, and the longest of those', () => {
    expect(highlighted('the free guide', 'guide', 'free', 'free guide')).toBe('free guide');
    expect(highlighted('take the guide now', 'guide', 'the guide now')).toBe('the guide now');
  });

  it('names the keyword as the trigger spells it', () => {
    const result = compileTriggers([trigger({ keywords: ['Guïde', 'other'] })]).match(comment('my GUIDE'));
    expect(result).toMatchObject({ matched: true, hit: { keyword: 'Guïde', start: 3, end: 8 } });
  });
});

describe('arbitration', () => {
  const said = comment('guide', { mediaId: 'post' });

  it('prefers the higher priority, whatever the order of the list', () => {
    const low = trigger({ id: 'a', priority: 1 });
    const high = trigger({ id: 'b', priority: 2 });
    expect(firedBy([low, high], said)).toBe('b');
    expect(firedBy([high, low], said)).toBe('b');
  });

  it('prefers the older of two equals', () => {
    expect(firedBy([trigger({ id: '0199' }), trigger({ id: '0198' })], said)).toBe('0198');
  });

  it('passes over a trigger that does not fit, for one behind it that does', () => {
    const fitting = trigger({ id: 'z' });
    for (const unfit of [
      trigger({ state: 'paused', priority: 9 }),
      trigger({ mediaIds: ['other'], priority: 9 }),
      trigger({ keywords: ['ebook'], priority: 9 }),
    ]) {
      expect(firedBy([unfit, fitting], said)).toBe('z');
    }
  });

  it('counts replies only for triggers that want them', () => {
    const reply = comment('guide', { isReply: true });
    expect(firedBy([trigger()], reply)).toBe('replies_not_wanted');
    expect(firedBy([trigger({ includeReplies: true })], reply)).toBe('a');
  });

  it('counts only the posts that a trigger names, and every post when it names none', () => {
    expect(firedBy([trigger({ mediaIds: ['x', 'post'] })], said)).toBe('a');
    expect(firedBy([trigger({ mediaIds: ['x'] })], said)).toBe('other_post');
    expect(firedBy([trigger({ mediaIds: ['x'] })], comment('guide'))).toBe('other_post');
    expect(firedBy([trigger()], comment('guide'))).toBe('a');
  });

  it('reports the nearest miss of all triggers', () => {
    const reply = comment('guide', { isReply: true, mediaId: 'post' });
    const absent = trigger({ keywords: ['ebook'] });
    const unwanted = trigger({ id: 'b' });
    const elsewhere = trigger({ id: 'c', includeReplies: true, mediaIds: ['x'] });
    expect(firedBy([], reply)).toBe('no_trigger');
    expect(firedBy([trigger({ state: 'archived' })], reply)).toBe('no_trigger');
    expect(firedBy([absent], reply)).toBe('keyword_absent');
    expect(firedBy([absent, unwanted], reply)).toBe('replies_not_wanted');
    expect(firedBy([elsewhere, unwanted, absent], reply)).toBe('other_post');
    expect(firedBy([unwanted, elsewhere], reply)).toBe('other_post');
  });
});

describe('explaining', () => {
  it('gives each trigger its verdict, in the order of arbitration', () => {
    const set = compileTriggers([
      trigger({ id: 'outranked', priority: 1, keywords: ['please'] }),
      trigger({ id: 'fired', priority: 2 }),
      trigger({ id: 'paused', priority: 3, state: 'paused' }),
      trigger({ id: 'elsewhere', priority: 4, mediaIds: ['x'] }),
      trigger({ id: 'absent', priority: 5, keywords: ['ebook'] }),
    ]);
    const verdicts = set.explain(comment('guide please'));
    const guide = { keyword: 'guide', mode: 'word', how: 'exact', start: 0, end: 5 };
    expect(verdicts.map(({ trigger: { id }, ...verdict }) => ({ id, ...verdict }))).toEqual([
      { id: 'absent', verdict: 'keyword_absent', present: [], near: null },
      { id: 'elsewhere', verdict: 'other_post', hit: guide },
      { id: 'paused', verdict: 'not_active', state: 'paused' },
      { id: 'fired', verdict: 'fired', hit: guide },
      {
        id: 'outranked',
        verdict: 'outranked',
        hit: { keyword: 'please', mode: 'word', how: 'exact', start: 6, end: 12 },
        by: 'fired',
      },
    ]);
    expect(verdicts.map(({ trigger }) => trigger)).toEqual(set.triggers);
  });

  it('says the first reason when there are several', () => {
    const [verdict] = compileTriggers([trigger({ mediaIds: ['x'] })]).explain(
      comment('guide', { isReply: true }),
    );
    expect(verdict).toMatchObject({ verdict: 'replies_not_wanted' });
  });
});

describe('posts on save', () => {
  const save = (mediaId: string) =>
    triggerDefinition.safeParse({ keywords: ['a'], mediaIds: [mediaId], dmTemplates: [{ text: 'x' }] });

  it.each(['https://www.instagram.com/p/C1/', 'instagram.com/p/C1', '1784 1', ' 17841', '17841\n'])(
    'refuses %j, which is no id',
    (mediaId) => {
      expect(save(mediaId).error?.issues).toMatchObject([
        { path: ['mediaIds', 0], message: expect.stringContaining('not a link') },
      ]);
    },
  );

  it('takes an id', () => {
    expect(save('17841400000000000').success).toBe(true);
  });
});

describe('keywords on save', () => {
  function save(...keywords: string[]) {
    return triggerDefinition.safeParse({ keywords, dmTemplates: [{ text: 'x' }] });
  }

  it.each(['!!!', '...', '—', '_', '\u200b', '\u0301', '؟'])(
    'refuses %j, which could never match',
    (keyword) => {
      expect(keywordProblem(keyword)).toContain('a keyword needs a letter, a digit or an emoji');
      const saved = save('guide', keyword);
      expect(saved.error?.issues).toMatchObject([
        { path: ['keywords', 1], message: keywordProblem(keyword) },
      ]);
    },
  );

  it.each(['@guide', 'guide @anna', 'https://x.com/guide', 'me@guide.com'])(
    'refuses %j, which no comment says',
    (keyword) => {
      expect(keywordProblem(keyword)).toContain('do not count as words');
    },
  );

  it.each(['c ++', 'c #', '+ 1', '$ guide', 'guide >>'])(
    'refuses %j, which would match without its signs',
    (keyword) => {
      expect(keywordProblem(keyword)).toContain('would match every “');
      expect(save(keyword).error?.issues).toMatchObject([{ message: keywordProblem(keyword) }]);
    },
  );

  it.each(['guide', '7', '🔥', '#guide', '資料', '★', 'c++', '+1', '10%', '🎁 yes', 'Q & A', '# guide'])(
    'takes %j',
    (keyword) => {
      expect(keywordProblem(keyword)).toBeNull();
      expect(save(keyword).success).toBe(true);
    },
  );

  it('merges those that match the same comments, and keeps the first', () => {
    const given = [
      'Guide',
      'ebook',
      'GUIDE!',
      '🔥 guide',
      'gu\u00adide',
      '#guide',
      '🔥guide',
      'c',
      'c++',
      'C++',
    ];
    expect(save(...given).data?.keywords).toEqual(['Guide', 'ebook', '🔥 guide', 'c', 'c++']);
  });

  it('refuses what Postgres cannot store', () => {
    expect(save('gu\0ide').success).toBe(false);
    expect(save('guide\ud83d').success).toBe(false);
  });

  it('complains once about one that is too long', () => {
    expect(save('+ '.repeat(60)).error?.issues).toHaveLength(1);
  });

  it('complains once about an empty one', () => {
    expect(save('  ').error?.issues).toHaveLength(1);
  });
});

describe('modes on save', () => {
  const save = (given: object) => triggerDefinition.safeParse({ dmTemplates: [{ text: 'x' }], ...given });
  const issues = (given: object) =>
    save(given).error?.issues.map(({ path, message }) => [path.join('/'), message]);

  it('needs keywords, but for the mode that takes every comment', () => {
    expect(issues({})).toEqual([['keywords', expect.stringContaining('must not be empty')]]);
    expect(save({ mode: 'any' }).success).toBe(true);
  });

  it.each(['fire', '1️⃣', '🔥 yes', '★', '+'])('refuses %j as an emoji', (keyword) => {
    expect(issues({ mode: 'emoji', keywords: ['🔥', keyword] })).toEqual([
      ['keywords/1', expect.stringContaining('use the mode word')],
    ]);
  });

  it.each(['🔥', '👍🏽', '🇳🇱', '👩‍👧', '❤️', '🙏🙏'])('takes %j as an emoji', (keyword) => {
    expect(save({ mode: 'emoji', keywords: [keyword] }).success).toBe(true);
  });

  it('takes hashtags with and without their hash, and once', () => {
    const saved = save({ mode: 'hashtag', keywords: ['#guide', 'Guide', 'free guide', '#Free_Guide'] });
    expect(saved.data?.keywords).toEqual(['#guide', 'free guide']);
    expect(issues({ mode: 'hashtag', keywords: ['#', '#c++'] })).toHaveLength(2);
  });

  it('refuses slips where keywords are no words', () => {
    for (const mode of ['contains', 'hashtag']) {
      expect(issues({ mode, keywords: ['guide'], typos: true })).toEqual([
        ['typos', expect.stringContaining('word, phrase, exact, all')],
      ]);
    }
    expect(issues({ mode: 'emoji', keywords: ['🔥'], typos: true })).toHaveLength(1);
  });

  it('refuses an excluded word that is a keyword', () => {
    expect(issues({ keywords: ['Guide'], exclude: ['old', 'GUIDE!'] })).toEqual([
      ['exclude/1', '“GUIDE!” is the keyword “Guide” too: the trigger could never fire on it'],
    ]);
    expect(issues({ mode: 'hashtag', keywords: ['#guide'], exclude: ['guide'] })).toHaveLength(1);
  });

  it('refuses one letter that would be in nearly every comment', () => {
    expect(issues({ mode: 'contains', keywords: ['a'] })).toHaveLength(1);
    expect(save({ mode: 'contains', keywords: ['求', '🔥', 'pdf'] }).success).toBe(true);
  });
});

describe('a trigger for each post', () => {
  it('fires the one of the post, among any number with the same keyword', () => {
    const triggers = Array.from({ length: 2_000 }, (_, index) =>
      trigger({ id: `t${String(index).padStart(5, '0')}`, mediaIds: [`m${index}`] }),
    );
    expect(firedBy(triggers, comment('guide', { mediaId: 'm1234' }))).toBe('t01234');
    expect(firedBy(triggers, comment('guide', { mediaId: 'other' }))).toBe('other_post');
  });
});

describe('what a keyword lacked', () => {
  it.each([
    ['guidelines', {}, 'inside_a_word', 'guide'],
    ['giude', {}, 'slip', 'giude'],
    ['@the.guide', {}, 'in_an_address', 'guide'],
    ['the guide', { mode: 'exact' }, 'other_words', 'guide'],
    ['guide', { mode: 'hashtag' }, 'not_a_hashtag', 'guide'],
  ] as const)('in %j under %j is: %s', (text, rules, why, highlighted) => {
    const listening = trigger();
    const [verdict] = compileTriggers([
      { ...listening, definition: { ...listening.definition, ...rules } },
    ]).explain(comment(text));
    expect(verdict).toMatchObject({ verdict: 'keyword_absent', near: { keyword: 'guide', why } });
    if (verdict?.verdict !== 'keyword_absent' || !verdict.near) throw new Error('not told');
    expect(text.slice(verdict.near.start, verdict.near.end)).toBe(highlighted);
  });
});
