import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { triggerDefinition } from '../../src/triggers/definition.ts';
import { parseTemplate } from '../../src/triggers/liquid.ts';
import {
  checkTemplates,
  drawTemplate,
  renderTemplate as renderDrawn,
  type TemplateContext,
  TemplateError,
  type TemplateRules,
  textSize,
} from '../../src/triggers/templates.ts';

const url = 'https://example.com/guide';
const renderTemplate = (template: string, context: TemplateContext) =>
  renderDrawn(template, context, () => 0);
const link: TemplateContext = {
  contact: { username: 'maria' },
  resource: { name: 'The guide', url, text: null },
  account: { username: 'baker' },
  price: 1,
};
const note: TemplateContext = {
  ...link,
  resource: { name: 'The recipe', url: null, text: ' Flour, water. ' },
};

/** A template that doubles a text until it would be astronomic. */
const bomb = `{% assign a = "${'x'.repeat(20)}" %}${'{% assign a = a | append: a %}'.repeat(60)}{{ a }}`;

function check(template: string, rules: Partial<TemplateRules> = {}, context = link): string[] {
  const issues = checkTemplates([{ text: template, weight: 1 }], context, {
    limit: { max: 1_000, unit: 'utf8-bytes' },
    maxUsernameLength: 30,
    mustGive: false,
    ...rules,
  });
  return issues.map(({ message }) => message);
}

describe('rendering', () => {
  it('fills in what is known, as plain text', () => {
    const context = { ...link, contact: { username: '<b>&' } };
    expect(renderTemplate('{{ contact.username }}: {{ resource.url }}', context)).toBe(`<b>&: ${url}`);
  });

  it('leaves out what is not known', () => {
    const context = { ...link, contact: { username: null } };
    const template = 'Hi{% if contact.username %} {{ contact.username }}{% endif %}! {{ contact.username }}';
    expect(renderTemplate(template, context)).toBe('Hi!');
    expect(renderTemplate(template, link)).toBe('Hi maria! maria');
    expect(renderTemplate('Hi {{ contact.username | default: "there" }}', context)).toBe('Hi there');
  });

  it('takes off the white space around the text, and leaves that inside', () => {
    expect(renderTemplate('\n  a\n\n b \n', link)).toBe('a\n\n b');
  });

  it('never reads a name as a template', () => {
    const context = { ...link, contact: { username: '{{ resource.url }}{% if' } };
    expect(renderTemplate('{{ contact.username }}', context)).toBe('{{ resource.url }}{% if');
  });

  it('reaches nothing but its own fields', () => {
    for (const path of ['constructor', '__proto__', 'resource.constructor', 'contact.username.constructor']) {
      expect(renderTemplate(`[{{ ${path} }}]`, link), path).toBe('[]');
    }
  });

  it.each([
    ['{{ contact.username', 'is never closed'],
    ['{% include "x" %}', 'the tag “include” is not known'],
    ['{% for i in contact %}{% endfor %}', 'the tag “for” is not known'],
    ['{{ "now" | date: "%s" }}', 'the filter “date” is not known'],
    [bomb, 'it makes too much text'],
    ['{{ (1..900000000) | join: "" }}', 'a range of numbers is not known here'],
    ['{% raw %}{{ "{% endraw %}{{ (1..9) }}"}}', 'a range of numbers is not known here'],
    ['{% capture a %}x{% endcapture %}{{ a }}', 'the tag “capture” is not known'],
    [`{{ "${'x '.repeat(30)}" | split: " " }}`, 'split gives more than 20 parts'],
    [`{% assign a = "${'x'.repeat(2_000)}" %}${'{{ a }}'.repeat(20)}`, 'it makes too much text'],
    ['x'.repeat(5_000), 'the template is too long'],
  ])('refuses %j', (template, message) => {
    expect(() => renderTemplate(template, link)).toThrow(TemplateError);
    expect(() => renderTemplate(template, link)).toThrow(message);
  });

  it('answers the same when a template has left the cache and comes back', () => {
    const template = 'Hello {{ contact.username }}';
    const before = renderTemplate(template, link);
    for (let index = 0; index < 3_000; index += 1) renderTemplate(`${index}`, link);
    expect(renderTemplate(template, link)).toBe(before);
  });

  it('throws nothing but TemplateError, whatever the template', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '{{',
        '}}',
        '{%',
        '%}',
        '|',
        ' if ',
        ' endif ',
        'raw',
        'resource.url',
        '"',
        "'",
        '..',
        '[',
        ':',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const template = pieces.join('');
        try {
          expect(typeof renderTemplate(template, link)).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
        }
        // Whatever passes the check renders.
        if (check(template).length === 0) expect(renderTemplate(template, link)).not.toBe('');
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('checking', () => {
  it('finds nothing wrong with a good template', () => {
    const rules = { mustGive: true };
    expect(
      check('Hi {{ contact.username }}, {{ resource.name }} by {{ account.username }}: {{ resource.url }}'),
    ).toEqual([]);
    expect(check('{{ resource.url }}', rules)).toEqual([]);
    expect(check(`Here: ${url}`, rules)).toEqual([]);
    expect(check('{{ resource.text }}', rules, note)).toEqual([]);
    expect(
      check('{{ contact["username"] | upcase }} {{ contact.username.size }} {{ resource.url }}', rules),
    ).toEqual([]);
    expect(check('{% assign name = contact.username | default: "you" %}For {{ name }}')).toEqual([]);
  });

  it.each([
    ['Hi {{ contact.username', 'line 1, column 4: “{{ contact.username” is never closed: }} is missing'],
    ['a\nb {% if true %}', 'line 2, column 3: {% if true %} is never closed: {% endif %} is missing'],
    ['{% endif %}', 'line 1, column 1: {% endif %} stands without what it belongs to'],
    [
      'a\n {{ contact.name }}',
      'line 2, column 5: the variable “contact.name” is not known; there are contact.username',
    ],
    ['{{ name }}', 'line 1, column 4: the variable “name” is not known; there are contact.username'],
    ['{{ contact }}', 'the variable “contact” is not known'],
    ['{{ contact[name] }}', 'the variable “contact[name]” is not known'],
    [
      '{{ resource.url | shorten }}',
      'line 1, column 1: the filter “shorten” is not known; there are abs, append',
    ],
    ['{{ resource.url | append: nothing }}', 'the variable “nothing” is not known'],
    ['{% render "x" %}', 'line 1, column 1: the tag “render” is not known; there are assign'],
    ['{% layout "x" %}', 'the tag “layout” is not known'],
    ['{% block x %}{% endblock %}', 'the tag “block” is not known'],
    ['{{ resource.url | sample }}', 'the filter “sample” is not known'],
    [bomb, 'it makes too much text'],
  ])('says what is wrong with %j, and where', (template, message) => {
    const [first, ...others] = check(template);
    expect(first).toContain(message);
    expect(others).toEqual([]);
  });

  it('looks into branches that no rendering takes', () => {
    expect(check('x{% if contact.username == "bob" %}{{ contact.age }}{% endif %}')).toEqual([
      expect.stringContaining('“contact.age” is not known'),
    ]);
  });

  it('finds a variable that the template itself has spoiled', () => {
    expect(check('{% assign resource = "x" %}{{ resource.url }}')).toEqual([
      expect.stringContaining('“resource.url” is not known'),
    ]);
  });

  it('refuses a text that comes out empty', () => {
    expect(check('{{ contact.username }}')).toEqual(['comes out empty without a user name']);
    expect(check('{% unless contact.username %}x{% endunless %}')).toEqual([
      'comes out empty with the longest user name',
    ]);
    expect(check(' {% comment %}x{% endcomment %} ')).toEqual(['comes out empty']);
  });

  it('refuses a text that is too long for the platform, by the longest name', () => {
    const limit = { max: 1_000, unit: 'utf8-bytes' } as const;
    const template = `${'é'.repeat(485)}{{ contact.username }}`;
    expect(check(template, { limit, maxUsernameLength: 30 })).toEqual([]);
    expect(check(template, { limit, maxUsernameLength: 31 })).toEqual([
      'comes out at 1,001 bytes with the longest user name; the platform allows 1,000',
    ]);
  });

  it('measures in the unit of the platform', () => {
    const characters = { limit: { max: 300, unit: 'characters' } } as const;
    expect(check('é'.repeat(300), characters)).toEqual([]);
    expect(
      check('{% unless contact.username %}{{ resource.name }}{% endunless %}x'.padEnd(400, 'x'), characters),
    ).toEqual(['comes out at 346 characters without a user name; the platform allows 300']);
  });

  it('refuses a text that does not give, where it must', () => {
    const rules = { mustGive: true };
    expect(check('Look at my bio!', rules)).toEqual(['never gives the resource: add {{ resource.url }}']);
    expect(check('Look at my bio!', rules, note)).toEqual([
      'never gives the resource: add {{ resource.text }}',
    ]);
    expect(check('{{ resource.url | slice: 0, 9 }}', rules)).toEqual([
      'never gives the resource: add {{ resource.url }}',
    ]);
    expect(check('{% if contact.username %}{{ resource.url }}{% else %}Hi{% endif %}', rules)).toEqual([
      'does not give the resource without a user name',
    ]);
    const nothing = { ...link, resource: { name: 'x', url: null, text: '  ' } };
    expect(check('x', rules, { ...nothing, resource: { ...nothing.resource, text: null } })).toEqual([
      'cannot give the resource: it has neither a link nor a text',
    ]);
    expect(check('Look at my bio!')).toEqual([]);
  });

  it('names each template by its place in the list', () => {
    const templates = ['ok', '{{', 'ok', '{{ x }}'].map((text) => ({ text, weight: 1 }));
    const issues = checkTemplates(templates, link, {
      limit: { max: 9, unit: 'characters' },
      maxUsernameLength: 9,
      mustGive: false,
    });
    expect(issues.map(({ index }) => index)).toEqual([1, 3]);
  });

  it('takes the place of no template that is in use, however many it looks at', () => {
    const inUse = parseTemplate('in use: {{ resource.url }}');
    for (let number = 0; number < 1_100; number += 1) check(`checked: ${number}`);
    expect(parseTemplate('in use: {{ resource.url }}')).toBe(inUse);
  });
});

describe('a template made to hurt', () => {
  /** As long as a template may be. */
  const fill = (head: string, piece: string, tail = '') =>
    head + piece.repeat(Math.floor((4_000 - head.length - tail.length) / piece.length)) + tail;
  const nested = (levels: number) => `{{ ${'a['.repeat(levels)}b${']'.repeat(levels)} }}`;
  const grown = `{% assign a = "${'x'.repeat(1_000)}" %}${'{% assign a = a | append: a %}'.repeat(3)}`;
  const letters = `"${'x '.repeat(20)}" | split: " "`;

  it.each([
    ['variables inside variables', nested(1_320)],
    ['parentheses that never end', fill('{{ ', '(')],
    ['ranges inside ranges', fill('{{ ', '(')],
    ['variables one after the other', fill('', '{{a}}')],
    ['arguments', fill('{{ "a" | append: a', ', a', ' }}')],
    ['fields of fields', fill('{{ a', '.a', ' }}')],
    ['one endless name', fill('{{ ', 'a', ' }}')],
    ['one endless tag', fill('{% ', 'a', ' %}')],
    ['a long text written out often', fill(grown, '{{a}}')],
    [
      'a long text searched often',
      fill(`${grown}{%if a contains "xy"`, ' or a contains "xy"', '%}{%endif%}'),
    ],
    [
      'lists compared often',
      fill(`{% assign a = ${letters} %}{% assign b = ${letters} %}{%if a==b`, ' and a==b', '%}{%endif%}'),
    ],
    [
      'captures of captures',
      `{% capture a %}x{% endcapture %}${`{% capture a %}${'{{ a }}'.repeat(8)}{% endcapture %}`.repeat(9)}`,
    ],
  ])('is refused at once and in few words: %s', (_name, template) => {
    const templates = Array.from({ length: 40 }, (_, index) => ({
      text: ' '.repeat(index) + template,
      weight: 1,
    }));
    const begun = performance.now();
    const issues = checkTemplates(templates, link, {
      limit: { max: 1_000, unit: 'utf8-bytes' },
      maxUsernameLength: 30,
      mustGive: true,
    });
    // It was half a minute. A second, and room for a machine that is busy with other things.
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(issues.map(({ index }) => index)).toEqual(templates.map((_, index) => index));
    for (const { message } of issues) expect(message.length).toBeLessThan(350);
  });

  it('is refused when it is rendered, too', () => {
    expect(() => renderTemplate(nested(1_320), link)).toThrow('it nests too many brackets');
  });

  it('leaves room for what people write', () => {
    const template = `{% assign name = contact["username"] | default: "you (or a friend)" %}${'{% if name %}{{ name | split: "_" | first | capitalize }}{% endif %}'.repeat(10)}{{ resource.url }}`;
    expect(check(template, { mustGive: true })).toEqual([]);
  });
});

describe('a template with options', () => {
  it('is rendered with one of them, in which variables stand as everywhere', () => {
    const template = '{Hi {{ contact.username }}|Hey}, {{ resource.url }}';
    expect(renderDrawn(template, link, () => 0)).toBe(`Hi maria, ${url}`);
    expect(renderDrawn(template, link, () => 0.9)).toBe(`Hey, ${url}`);
  });

  it('is refused where any of them fails, and told with which', () => {
    expect(check('{Hi|Hey {{ contact.age }}}')).toEqual([
      expect.stringMatching(/^with the options “Hey .*”: .*“contact.age” is not known/),
    ]);
    expect(check('{ok|}')).toEqual([expect.stringContaining('comes out empty')]);
    expect(check('{Hi|Hey {{ resource.url }}')).toEqual([expect.stringContaining('never ends: close it')]);
    expect(check('Here: { {{ resource.url }} |later}', { mustGive: true })).toEqual([
      expect.stringMatching(/“Here: later”: never gives the resource/),
    ]);
  });

  it('is measured with the longest of them together', () => {
    const limit = { max: 20, unit: 'utf8-bytes' } as const;
    const template = '{short|{{ contact.username }}} {a|bbbbbbbb}';
    expect(check(template, { limit, maxUsernameLength: 11 })).toEqual([]);
    expect(check(template, { limit, maxUsernameLength: 12 })).toEqual([
      expect.stringContaining('comes out at 21 bytes with the longest user name'),
    ]);
  });

  it('has at most sixty of them', () => {
    expect(check(`{${'a|'.repeat(59)}b}`)).toEqual([]);
    expect(check(`{${'a|'.repeat(60)}b}`)).toEqual(['has more than 60 options in { | }']);
  });
});

describe('drawing', () => {
  const templates = (...weights: number[]) => weights.map((weight) => ({ text: 'x', weight }));
  const draw = (random: number, ...weights: number[]) => drawTemplate(templates(...weights), () => random);
  const almostOne = 1 - Number.EPSILON / 2;

  it('is exact at the boundaries', () => {
    expect(draw(0, 1, 3)).toBe(0);
    expect(draw(0.25 - Number.EPSILON, 1, 3)).toBe(0);
    expect(draw(0.25, 1, 3)).toBe(1);
    expect(draw(almostOne, 1, 3)).toBe(1);
    expect(draw(almostOne, 1_000)).toBe(0);
  });

  it('is exact at every boundary of every sum', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 20 }),
        (weights) => {
          const total = weights.reduce((sum, weight) => sum + weight);
          let before = 0;
          for (const [index, weight] of weights.entries()) {
            expect(draw(before / total, ...weights)).toBe(index);
            before += weight;
          }
          expect(draw(almostOne, ...weights)).toBe(weights.length - 1);
        },
      ),
    );
  });

  it('draws each as often as its weight says', () => {
    const drawn = [0, 0, 0];
    for (let step = 0; step < 6_000; step += 1) drawn[draw(step / 6_000, 1, 2, 3)]! += 1;
    expect(drawn).toEqual([1_000, 2_000, 3_000]);
  });

  it('asks for one random number', () => {
    let asked = 0;
    drawTemplate(templates(1, 1, 1), () => {
      asked += 1;
      return 0.5;
    });
    expect(asked).toBe(1);
  });

  it('has nothing to draw from an empty list', () => {
    expect(() => draw(0)).toThrow(RangeError);
  });
});

describe('the size of a text', () => {
  it('in bytes is what UTF-8 takes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 0xd800, max: 0xdfff }), (text, half) => {
        const halved = text + String.fromCharCode(half) + text;
        expect(textSize(text, 'utf8-bytes')).toBe(new TextEncoder().encode(text).length);
        expect(textSize(halved, 'utf8-bytes')).toBe(new TextEncoder().encode(halved).length);
      }),
    );
  });

  it('in characters is the largest of the ways to count them', () => {
    expect(textSize('é', 'characters')).toBe(1);
    expect(textSize('😀', 'characters')).toBe(2);
  });
});

describe('templates on save', () => {
  it('are trimmed, weigh 1, and hold only what can be stored', () => {
    const save = (text: string) =>
      triggerDefinition.safeParse({ keywords: ['guide'], dmTemplates: [{ text }] });
    expect(save(' Hi ').data?.dmTemplates).toEqual([{ text: 'Hi', weight: 1 }]);
    expect(save(' ').success).toBe(false);
    expect(save('a\0b').success).toBe(false);
    expect(save('x'.repeat(4_001)).success).toBe(false);
  });
});
