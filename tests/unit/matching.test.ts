import { describe, expect, it, test } from 'vitest';
import { triggerDefinition } from '../../src/triggers/definition.ts';
import { compileTriggers, type MatchableTrigger } from '../../src/triggers/matcher.ts';
import { judgedCases } from './matcher.cases.ts';
import { cyrillic, greek, indic, others, semitic, turkic } from './matching/alphabets.ts';
import { dutch } from './matching/dutch.ts';
import { english } from './matching/english.ts';
import { german } from './matching/german.ts';
import { heldOut } from './matching/held-out.ts';
import type { JudgedCase } from './matching/judged.ts';
import { french, portuguese, spanish } from './matching/romance.ts';
import { chinese, japanese, korean, southEastAsian } from './matching/unspaced.ts';

const corpus: Record<string, JudgedCase[]> = {
  english,
  dutch,
  german,
  french,
  spanish,
  portuguese,
  turkic,
  cyrillic,
  greek,
  semitic,
  indic,
  others,
  chinese,
  japanese,
  korean,
  southEastAsian,
  heldOut,
};

function triggerFor(rules: JudgedCase[1], id = 'a'): MatchableTrigger {
  const given = typeof rules === 'string' ? { keywords: [rules] } : rules;
  const definition = triggerDefinition.parse({ ...given, dmTemplates: [{ text: 'x' }] });
  return { id, version: 1, name: id, state: 'active', priority: 0, resourceId: 'r', definition };
}

function judge(text: string, rules: JudgedCase[1]): string | { miss: string } {
  const result = compileTriggers([triggerFor(rules)]).match({
    text,
    isReply: false,
    mediaId: null,
    door: 'comment',
    at: new Date(0),
  });
  return result.matched ? text.slice(result.hit.start, result.hit.end) : { miss: result.reason };
}

describe.each(Object.entries(corpus))('comments judged by a person: %s', (_name, cases) => {
  test.each(cases)('%j under %j gives %j: %s', (text, rules, expected) => {
    expect(judge(text, rules)).toEqual(expected);
  });
});

describe('the corpus', () => {
  const cases = Object.values(corpus).flat();

  it('has more than four hundred cases, none of them twice', () => {
    const judged = cases.map(([text, rules]) => JSON.stringify([text, rules]));
    expect(new Set(judged).size).toBe(judged.length);
    expect(cases.length).toBeGreaterThan(400);
    expect(cases.length + judgedCases.length).toBeGreaterThan(600);
  });

  it('is judged the same when all of its triggers are asked together', () => {
    const triggers = cases.map(([, rules], index) => triggerFor(rules, String(index).padStart(4, '0')));
    const set = compileTriggers(triggers);
    for (const [index, [text, , expected]] of cases.entries()) {
      const verdict = set.explain({ text, isReply: false, mediaId: null, door: 'comment', at: new Date(0) })[
        index
      ]!;
      const fired = verdict.verdict === 'fired' || verdict.verdict === 'outranked';
      const said = fired ? text.slice(verdict.hit.start, verdict.hit.end) : { miss: verdict.verdict };
      expect(said, text).toEqual(expected);
    }
  });
});
