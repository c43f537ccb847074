/** From bytes to a value: what `JSON.parse` alone gets wrong for bytes that a platform sends. */

import { isUtf8 } from 'node:buffer';

export type ParsedJson = { ok: true; value: unknown } | { ok: false; reason: string };

/**
 * Deeper than anything Meta documents by a factor of ten. The bound lets every later walk over a value (clean,
 * canonicalise) be recursive without a way to exhaust the stack.
 */
const maxDepth = 64;

/** 2^53 has 16 digits: a shorter run is always exact as a JavaScript number. */
const digitsThatMayBeInexact = 16;

const quote = 0x22;
const backslash = 0x5c;

/** Never throws. Whole numbers beyond 2^53 come out as strings of their exact digits. */
export function parseJson(bytes: Buffer): ParsedJson {
  if (!isUtf8(bytes)) return { ok: false, reason: 'The body is not UTF-8.' };
  const shape = survey(bytes);
  if (shape.tooDeep) return { ok: false, reason: `The body is nested deeper than ${maxDepth} levels.` };
  const text = withoutByteOrderMark(bytes.toString('utf8'));
  try {
    return { ok: true, value: shape.hasLongNumbers ? parseExact(text) : JSON.parse(text) };
  } catch {
    // The parser's own message quotes the body, and so somebody's comment: it stays out of the reason.
    return { ok: false, reason: 'The body is not JSON.' };
  }
}

/** One pass over the bytes outside strings: how deep do they nest, and does a number need the slow, exact parse? */
function survey(bytes: Buffer): { tooDeep: boolean; hasLongNumbers: boolean } {
  let depth = 0;
  let digits = 0;
  let hasLongNumbers = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x30 && byte <= 0x39) {
      digits++;
      if (digits === digitsThatMayBeInexact) hasLongNumbers = true;
      continue;
    }
    digits = 0;
    if (byte === quote) i = endOfString(bytes, i + 1);
    else if (byte === 0x7b || byte === 0x5b) {
      depth++;
      if (depth > maxDepth) return { tooDeep: true, hasLongNumbers };
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return { tooDeep: false, hasLongNumbers };
}

function endOfString(bytes: Buffer, start: number): number {
  let i = start;
  while (i < bytes.length && bytes[i] !== quote) i += bytes[i] === backslash ? 2 : 1;
  return i;
}

/** ECMAScript's `context.source`: in Node 24, not yet in TypeScript's library. */
type SourceReviver = (key: string, value: unknown, context: { source?: string }) => unknown;

function parseExact(text: string): unknown {
  const keepDigits: SourceReviver = (_key, value, { source }) =>
    typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    source !== undefined &&
    /^-?\d+$/.test(source)
      ? source
      : value;
  return JSON.parse(text, keepDigits as Parameters<typeof JSON.parse>[1]);
}

function withoutByteOrderMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
