/** What is stored of an item that Fairdrop does not act on, and how its repetitions are recognised. */

import { hash } from 'node:crypto';
import { isRecord } from './json.ts';
import { cleanText } from './values.ts';

const maxPayloadBytes = 16 * 1024;
const headBytes = 4 * 1024;

/** What `JSON.stringify` writes for the two things that Postgres refuses in `jsonb`: NUL and lone surrogates. */
const unstorable = /\\u(?:0000|d[89a-f])/;

/** The item as it came, or its beginning where it is larger than an event should be. */
export function boundedPayload(item: unknown): unknown {
  const json = JSON.stringify(item) ?? 'null';
  if (Buffer.byteLength(json) > maxPayloadBytes) {
    // A character that the cut halves becomes U+FFFD.
    return { truncated: true, head: Buffer.from(json.slice(0, headBytes)).subarray(0, headBytes).toString() };
  }
  return unstorable.test(json) ? cleanDeep(item) : item;
}

/** Equal for items with the same content, in whatever order their fields come. */
export function fingerprint(item: unknown): string {
  return hash('sha256', canonicalJson(item), 'hex').slice(0, 32);
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null';
  const fields = Object.keys(value).sort();
  return `{${fields.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`).join(',')}}`;
}

function cleanDeep(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map(cleanDeep);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [cleanText(name), cleanDeep(inner)]),
  );
}
