import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTemplate } from '../../src/triggers/liquid.ts';
import { renderPlain } from '../../src/triggers/plain-template.ts';
import { renderParsed } from '../../src/triggers/render.ts';

const context = {
  contact: { username: ' {{ resource.url }} ' },
  resource: { name: 'The guide', url: 'https://studio.example/a', text: null },
  account: { username: 'studio' },
  price: 2,
};

const viaEngine = (source: string) => renderParsed(parseTemplate(source), context, { strict: false });

describe('a plain template', () => {
  it('gives what the engine gives, or nothing', () => {
    const piece = fc.constantFrom(
      ...[
        'Hi ',
        '\n',
        ' ',
        '{',
        '}',
        '{{',
        '}}',
        '{%',
        '%}',
        '{#',
        '-',
        '|',
        '😍',
        'contact.username',
        'size',
      ],
      ...[
        '{{ contact.username }}',
        '{{resource.url}}',
        '{{  resource.text }}',
        '{{ account.username}}',
        '{{ price }}',
      ],
      ...['{{- resource.name -}}', '{{ contact.size }}', '{{ resource.first }}', '{{ account.constructor }}'],
      ...[
        '{{ contact.username | upcase }}',
        '{{\tresource.url }}',
        '{{ resource . url }}',
        '{% if price %}',
        '{% endif %}',
      ],
    );
    let plain = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const source = pieces.join('');
        const text = renderPlain(source, context);
        if (text === null) return;
        plain += 1;
        expect(text.trim()).toBe(viaEngine(source));
      }),
      { numRuns: 5_000 },
    );
    expect(plain).toBeGreaterThan(500);
  });

  it('is one with names and links between texts', () => {
    const source = 'Hi {{ contact.username }}: {{ resource.url }}{{ resource.text }}!';
    expect(renderPlain(source, context)).toBe('Hi  {{ resource.url }} : https://studio.example/a!');
  });

  it.each([
    'Hi {{ contact.size }}',
    '{{ resource.url | upcase }}',
    '{{- resource.url }}',
    '{{{ resource.url }}',
    '{% if price %}{% endif %}',
    'a { brace',
    'x'.repeat(100_000),
  ])('is not: %s', (source) => {
    expect(renderPlain(source, context)).toBeNull();
  });
});
