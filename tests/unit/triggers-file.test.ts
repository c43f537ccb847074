import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toYaml } from '../../src/catalog/as-code/export.ts';
import {
  describeFileProblem,
  FileRefused,
  maxFileBytes,
  readTriggersFile,
} from '../../src/catalog/as-code/read.ts';

function refusalOf(text: string): string[] {
  try {
    readTriggersFile(text);
  } catch (error) {
    if (error instanceof FileRefused) return error.problems.map((each) => describeFileProblem(each, ''));
    throw error;
  }
  return [];
}

const head = 'version: 1\naccount:\n  platform: instagram\n  username: studio\n';
const trigger = '  - name: A\n    resource: B\n    keywords: [a]\n    dmTemplates: [{ text: b }]\n';

describe('an exported file', () => {
  it('reads as it was written, whatever texts are in it', () => {
    const traps = fc.constantFrom(...'\n \t#:-\r\u0085\u2028\ufeff"\'{|>%&*!~0.e_ya');
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: traps }));
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const value = { texts, more: texts.map((each) => ({ text: each })) };
        expect(parse(toYaml(value))).toEqual(value);
      }),
      { numRuns: 500, examples: [[[' \n', 'yes', '0x1', '2026-01-01', 'a\n\n b ']]] },
    );
  });

  it('has texts of several lines as lines', () => {
    expect(toYaml({ text: 'Hello,\n\nhere it is' })).toBe('text: |-\n  Hello,\n\n  here it is\n');
  });
});

describe('a file of triggers', () => {
  it('is read with its defaults, and knows on which line everything stands', () => {
    const { file, problemAt } = readTriggersFile(`${head}triggers:\n${trigger}`);
    expect(file).toMatchObject({
      version: 1,
      account: { platform: 'instagram', username: 'studio' },
      resources: [],
      triggers: [{ name: 'A', state: 'active', priority: 0, mediaIds: [], frequency: 'once_per_trigger' }],
    });
    expect(problemAt(['triggers', 0, 'dmTemplates', 0, 'text'], 'x')).toMatchObject({
      line: 9,
      field: 'triggers[0].dmTemplates[0].text',
    });
    expect(problemAt(['triggers', 0, 'priority'], 'x').line).toBe(6);
    expect(problemAt(['resources', 3], 'x').line).toBe(1);
  });

  it('is in the documentation as it is read', () => {
    const page = readFileSync(new URL('../../docs/triggers-as-code.md', import.meta.url), 'utf8');
    const [, example] = page.match(/```yaml\n(.*?)```/s) as unknown as [string, string];
    expect(refusalOf(example)).toEqual([]);
    expect(readTriggersFile(example).file.triggers).toHaveLength(2);
  });

  it('may share parts by anchors, within reason', () => {
    const { file } = readTriggersFile(
      `${head}triggers:\n  - { name: A, resource: R, keywords: [a], dmTemplates: &dm [{ text: x }] }\n  - { name: B, resource: R, keywords: [b], dmTemplates: *dm }\n`,
    );
    expect(file.triggers[1]?.dmTemplates).toEqual([{ text: 'x', weight: 1 }]);
  });

  it('has a size, and room for 500 triggers', () => {
    expect(refusalOf('#'.repeat(maxFileBytes + 1))).toEqual(['1: has more than 1048576 bytes']);
    expect(refusalOf('['.repeat(20_000))).toHaveLength(50);
    const many = Array.from({ length: 501 }, (_, index) => trigger.replace('A', `A${index}`)).join('');
    expect(refusalOf(`${head}triggers:\n${many}`)).toEqual(['5: triggers must have at most 500 entries']);
  });

  it.each([
    ['nothing', '', /^1: must be an object/],
    ['no YAML', 'version: 1\n  account: [', /^1: Nested mappings/],
    ['a name twice', 'version: 1\nversion: 1\n', /^2: Map keys must be unique/],
    ['another version', head.replace('1', '2'), /^1: version must be 1/],
    ['an unknown field', `${head}colour: red\n`, /^5: colour is not known here/],
    ['nobody', 'version: 1\naccount:\n  platform: instagram\n', /^2: account needs the username/],
    [
      'an id that lost its last digits',
      `${head}triggers:\n  - name: A\n    resource: B\n    keywords: [a]\n    dmTemplates: [{ text: b }]\n    mediaIds:\n      - 18000000000000001\n`,
      /^11: triggers\[0\]\.mediaIds\[0\] must be a string: put it in quotes/,
    ],
    [
      'a field that is missing',
      `${head}triggers:\n  - name: A\n    resource: B\n    keywords: [a]\n`,
      /^6: triggers\[0\]\.dmTemplates is missing/,
    ],
    [
      'aliases without end',
      `a: &a [x, x]\nb: &b [${'*a, '.repeat(60)}]\nc: [${'*b, '.repeat(60)}]\n`,
      /^1: cannot be read: Excessive alias/,
    ],
    ['an unknown tag', `${head}resources: !!python/object []\n`, /^5: Unresolved tag/],
    [
      'text that cannot be stored',
      `${head}resources:\n  - { name: A, kind: text, text: "a\\0b" }\n`,
      /^6: resources\[0\]\.text contains/,
    ],
    [
      'two of a name',
      `${head}resources:\n  - &a { name: A, kind: text, text: b }\n  - *a\n`,
      /^6|7: resources\[1\]\.name is the name of another/,
    ],
  ])('is refused in a line: %s', (_what, content, says) => {
    const [first] = refusalOf(content);
    expect(first).toMatch(says);
  });

  it('is refused for everything at once', () => {
    expect(refusalOf(`${head}colour: red\ntriggers:\n  - name: A\n    shape: round\n`)).toEqual([
      '7: triggers[0].resource is missing',
      '7: triggers[0].dmTemplates is missing',
      '8: triggers[0].shape is not known here',
      '5: colour is not known here',
    ]);
  });
});
