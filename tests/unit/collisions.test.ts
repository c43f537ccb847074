import { describe, expect, it } from 'vitest';
import { findCollisions } from '../../src/triggers/collisions.ts';
import { type TriggerDefinition, triggerDefinition } from '../../src/triggers/definition.ts';
import type { MatchableTrigger } from '../../src/triggers/matcher.ts';

function trigger(id: string, given: Partial<TriggerDefinition> = {}, priority = 0): MatchableTrigger {
  const definition = triggerDefinition.parse({
    keywords: ['guide'],
    dmTemplates: [{ text: '{{ resource.url }}' }],
    ...given,
  });
  return { id, version: 1, name: id, state: 'active', priority, resourceId: 'r', definition };
}

const collisionsOf = (one: MatchableTrigger, ...others: MatchableTrigger[]) =>
  findCollisions(one, others).map(({ other, text, wins }) => [other.id, text, wins]);

describe('triggers that one comment could fire', () => {
  it('are found by what they listen for, whichever of them is asked about', () => {
    const word = trigger('b', { keywords: ['Gúide', 'pdf'] });
    const inside = trigger('c', { mode: 'contains', keywords: ['uid'] });
    const hashtag = trigger('d', { mode: 'hashtag', keywords: ['guide'] });
    const all = trigger('e', { mode: 'all', keywords: ['big', 'guide'] });
    expect(collisionsOf(trigger('a'), word)).toEqual([['b', 'guide', true]]);
    expect(collisionsOf(word, trigger('a'))).toEqual([['a', 'Gúide', false]]);
    expect(collisionsOf(trigger('a'), inside)).toEqual([['c', 'guide', true]]);
    expect(collisionsOf(inside, trigger('a'))).toEqual([['a', 'guide', false]]);
    expect(collisionsOf(trigger('a'), hashtag)).toEqual([['d', '#guide', true]]);
    expect(collisionsOf(trigger('a'), all)).toEqual([['e', 'big guide', true]]);
    expect(collisionsOf(trigger('a', { mode: 'any', keywords: [] }), word)).toEqual([['b', 'Gúide', true]]);
  });

  it('are none with other words, on other posts, behind other doors, with an excluded word, or at rest', () => {
    expect(collisionsOf(trigger('a'), trigger('b', { keywords: ['pdf'] }))).toEqual([]);
    const here = trigger('b', { mediaIds: ['1'] });
    expect(collisionsOf(trigger('a', { mediaIds: ['2'] }), here)).toEqual([]);
    expect(collisionsOf(trigger('a', { doors: ['private'] }), trigger('b', { doors: ['comment'] }))).toEqual(
      [],
    );
    const picky = trigger('b', { keywords: ['guides'], exclude: ['guide'] });
    expect(collisionsOf(trigger('a'), picky)).toEqual([]);
    expect(collisionsOf(trigger('a'), { ...trigger('b'), state: 'paused' })).toEqual([]);
  });

  it('are those on the same post, and at whatever time', () => {
    const here = trigger('b', { mediaIds: ['1'] });
    expect(collisionsOf(trigger('a', { mediaIds: ['1'] }), here)).toEqual([['b', 'guide', true]]);
    expect(collisionsOf(trigger('a'), here)).toEqual([['b', 'guide', true]]);
    const later = trigger('b', { activeFrom: '2099-01-01T00:00:00Z' });
    expect(collisionsOf(trigger('a'), later)).toEqual([['b', 'guide', true]]);
  });

  it('are won by the higher priority, and among equals by the older', () => {
    expect(collisionsOf(trigger('b'), trigger('a'))).toEqual([['a', 'guide', false]]);
    expect(collisionsOf(trigger('b', {}, 1), trigger('a'))).toEqual([['a', 'guide', true]]);
  });

  it('are all that the same words fire, and not only the one that would answer', () => {
    const phrase = trigger('c', { keywords: ['free guide'] });
    const [free, guide] = [trigger('a', { keywords: ['free'] }), trigger('b')];
    expect(collisionsOf(phrase, free, guide)).toEqual([
      ['a', 'free guide', false],
      ['b', 'free guide', false],
    ]);
    const all = trigger('c', { mode: 'all', keywords: ['free', 'guide'] });
    expect(collisionsOf(all, free, guide)).toHaveLength(2);
  });

  it('are those that share any of their posts', () => {
    const one = trigger('a', { mediaIds: ['1', '2'] });
    expect(collisionsOf(one, trigger('b', { mediaIds: ['3', '2'] }))).toEqual([['b', 'guide', true]]);
  });

  it('are twenty at most', () => {
    const others = Array.from({ length: 50 }, (_, n) => trigger(`b${n}`));
    expect(collisionsOf(trigger('a'), ...others)).toHaveLength(20);
  });
});
