/** Everything that no service expects: values, bytes, and ways to put them where something else should stand. */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export type Json = unknown;
type Path = string[];

export const nasty = [
  "'); DROP TABLE events; --",
  '" OR 1=1; SELECT * FROM api_keys; --',
  '{{ 7 | times: 191 }}{% for i in (1..9) %}x{% endfor %}',
  '{{ contact.username | upcase }}',
  '$1 %s %n #{7*191} `id` \\x41 \\u0041',
  '<script>alert(1)</script> ../../etc/passwd',
  'résumé 😀 \u202e nab \u0301 \ufffd',
];
export const wrong: unknown[] = [
  ...nasty,
  ...[null, true, 0, -1, 1.5, 1e308, 2 ** 53, '', ' ', [], {}, [[[]]], { id: {} }],
  ...['\0', 'guid\0e', '\ud800', '2026-13-45T99:99:99Z', 'x'.repeat(100_000)],
];
export const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
export const noJson: Record<string, Buffer> = {
  'no bytes': Buffer.alloc(0),
  'NUL bytes': Buffer.alloc(1_000),
  'random bytes': randomBytes(1_000),
  'invalid UTF-8': Buffer.from('{"object":"inst\xe4gram","name":"\xff\xfe"}', 'latin1'),
  'truncated JSON': Buffer.from('{"object":"instagram","entry":[{"id":"1'),
  'two documents': Buffer.from('{}{}'),
  'JavaScript, not JSON': Buffer.from("{object:'instagram', entry: [undefined, NaN]} // yes"),
  'gzip’d JSON': gzipSync('{"object":"instagram","entry":[]}'),
  'nesting of 200 levels': Buffer.from(deep(200)),
  'nesting of 100,000 levels': Buffer.from(deep(100_000)),
  'nesting of 100,000 levels in an object': Buffer.from(`{"object":"instagram","entry":${deep(1e5)}}`),
  'nesting without an end': Buffer.from('{"a":'.repeat(100_000)),
};
export const noEnvelope = [
  'null',
  '42',
  '1e999',
  '"text"',
  'true',
  '[]',
  '{}',
  '[null]',
  deep(60),
  '\ufeff{}',
];

/** Well-formed, and nothing's. */
export const unknownId = '01890a5d-ac96-774b-bcce-b302099a8057';
/** What stands in a path where an id should, and finds nothing. */
export const noIds = [
  unknownId,
  'x',
  '0',
  '%00',
  `${unknownId}%00`,
  '%ff',
  '__proto__',
  'constructor',
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e',
  `${unknownId}'--`,
  'null',
  '*',
  ...nasty.map(encodeURIComponent),
  'a'.repeat(99),
  'a'.repeat(101),
  'a'.repeat(5_000),
];

const base64 = (text: string) => Buffer.from(text).toString('base64url');
const cursors = [
  'x',
  '%00',
  '%F0%9F%98%80',
  base64(unknownId.toUpperCase()),
  base64(`${unknownId}'--`),
  base64('0'),
  base64('\0'),
  'A'.repeat(201),
  'A'.repeat(3_000),
];
const limits = ['0', '-1', '201', '1e9', '1.5', 'NaN', 'Infinity', 'ten', '0x10x', '%00', '9'.repeat(300)];
/** What no list can be asked with. */
export const nonsenseQueries = [
  ...cursors.map((cursor) => `cursor=${cursor}`),
  ...limits.map((limit) => `limit=${limit}`),
  ...nasty.map((text) => `limit=${encodeURIComponent(text)}`),
  ...[
    'cursor=',
    'limit=',
    'limit=1&limit=2',
    'cursor[]=x',
    'limit[a]=1',
    'nonsense=1',
    '__proto__=1',
    '__proto__[limit]=1',
    'constructor=1',
    '%00=1',
    '%ff=1',
    'limit=%ff',
  ],
];

export function pathsOf(value: Json, at: Path = []): Path[] {
  const inner = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [at, ...inner.flatMap(([name, child]) => pathsOf(child, [...at, name]))];
}

export function replaceAt(value: Json, [first, ...rest]: Path, by: Json): Json {
  if (first === undefined) return by;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, Json>;
  copy[first] = replaceAt(copy[first], rest, by);
  return copy;
}
