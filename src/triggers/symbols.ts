import { type Glyph, glyphOf } from './fold.ts';

const zeroWidthJoiner = 0x200d;

export function unitsOf(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}

/** They choose between the drawing in ink and the one in colour. */
function isVariationSelector(codePoint: number): boolean {
  return codePoint === 0xfe0e || codePoint === 0xfe0f;
}

/** The letters of 🏴󠁧󠁢󠁳󠁣󠁴󠁿, which make it another flag than 🏴. */
function isTag(codePoint: number): boolean {
  return codePoint >= 0xe0020 && codePoint <= 0xe007f;
}

export interface SymbolToken {
  text: string;
  end: number;
}

/** A flag is two letters. @param at behind the first */
function readFlag(source: string, first: Glyph, at: number): SymbolToken {
  const codePoint = source.codePointAt(at);
  if (codePoint === undefined || glyphOf(codePoint).kind !== 'flag') return { text: first.text, end: at };
  return { text: first.text + glyphOf(codePoint).text, end: at + unitsOf(codePoint) };
}

/**
 * Reads one emoji to its end. Skin tone and variation selector are left out, so that 👍 is 👍🏽 and ❤ is ❤️; what is
 * joined or tagged is another emoji than its first part: 👩‍👧 is not 👩.
 * @param at behind the code point of `first`
 * @param maxLength what is longer is cut off somewhere behind it
 */
export function readSymbol(source: string, first: Glyph, at: number, maxLength: number): SymbolToken {
  if (first.kind === 'flag') return readFlag(source, first, at);
  let text = first.text;
  let end = at;
  for (;;) {
    const codePoint = source.codePointAt(end);
    if (codePoint === undefined) break;
    let part = '';
    if (codePoint === zeroWidthJoiner) {
      const joined = source.codePointAt(end + 1);
      if (joined === undefined || glyphOf(joined).kind !== 'symbol') break;
      part = `\u200d${glyphOf(joined).text}`;
      end += 1 + unitsOf(joined);
    } else {
      if (isTag(codePoint)) part = String.fromCodePoint(codePoint);
      else if (!isVariationSelector(codePoint) && glyphOf(codePoint).kind !== 'tone') break;
      end += unitsOf(codePoint);
    }
    if (text.length <= maxLength) text += part;
  }
  return { text, end };
}
