import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSpintax } from '../../src/triggers/spintax.ts';

const first = () => 0;
const last = () => 0.999;
const byLength = (piece: string) => piece.length;

function draw(template: string, random: () => number): string {
  return parseSpintax(template)?.draw(random) ?? template;
}

describe('spintax', () => {
  it.each([
    ['{Hi|Hey} you', 'Hi you', 'Hey you'],
    ['{Hi|Hey|Hello}, {here|there}', 'Hi, here', 'Hello, there'],
    ['{Hi {{ contact.username }}|Hey}', 'Hi {{ contact.username }}', 'Hey'],
    ["{A {{ x | default: 'y' }}|B}", "A {{ x | default: 'y' }}", 'B'],
    ['{a|{b|c}}', 'a', 'c'],
    ['{a|}b', 'ab', 'b'],
    ['{% if x %}{Hi|Hey}{% endif %}', '{% if x %}Hi{% endif %}', '{% if x %}Hey{% endif %}'],
  ])('%s draws its options', (template, one, other) => {
    expect(draw(template, first)).toBe(one);
    expect(draw(template, last)).toBe(other);
  });

  it.each([
    'no options here',
    '{{ contact.username | default: "you" }}',
    'a | b',
    'a {b} c | d',
    '{{ a | upcase',
    '{% assign x = "a|b" %}',
  ])('%s has no options', (template) => {
    expect(parseSpintax(template)).toBeNull();
  });

  it('leaves braces that never close, or have no choice in them, as they are', () => {
    expect(draw('{b} {x|y}', first)).toBe('{b} x');
    expect(draw('{x|y} {a|b', first)).toBe('x {a|b');
    expect(draw('{x|{y} z}', last)).toBe('{y} z');
  });

  it('draws every option about equally often', () => {
    const spintax = parseSpintax('{a|b|c|d}');
    let n = 0;
    const drawn = Array.from({ length: 400 }, () => spintax?.draw(() => (n++ % 400) / 400));
    for (const option of ['a', 'b', 'c', 'd'])
      expect(drawn.filter((text) => text === option)).toHaveLength(100);
  });

  it('names templates in which every option occurs, the longest first', () => {
    const extremes = parseSpintax('{a|bbb} {c|dd|{e|ffff}}')?.extremes(byLength);
    expect(extremes?.[0]).toBe('bbb ffff');
    for (const option of ['a', 'bbb', 'c', 'dd', 'e'])
      expect(extremes?.join(' ').split(' ')).toContain(option);
  });

  it('never fails, and draws nothing that was not in the template', () => {
    const piece = fc.constantFrom('{', '|', '}', 'a', 'b', '{{', '}}', '{%', '%}', ' ');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 60 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (pieces, n) => {
          const template = pieces.join('');
          const drawn = draw(template, () => n);
          expect(drawn.length).toBeLessThanOrEqual(template.length);
          const longest = parseSpintax(template)?.extremes(byLength)[0];
          if (longest !== undefined) expect(drawn.length).toBeLessThanOrEqual(longest.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes a template of nothing but braces in linear steps', () => {
    expect(draw('{'.repeat(4_000), first)).toBe('{'.repeat(4_000));
    expect(draw(`${'{a|'.repeat(1_000)}z${'}'.repeat(1_000)}`, last)).toBe('z');
  });
});
