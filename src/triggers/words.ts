import { addressRanges } from './addresses.ts';
import { breve, type Glyph, glyphOf, lettersWithBreve } from './fold.ts';
import { readSymbol, unitsOf } from './symbols.ts';

/** Receives what is said in a text, in its order. Offsets are UTF-16 units of the text. */
export interface TokenSink {
  /** A folded word, or `glue`. */
  word(text: string, start: number, end: number): void;
  /** One emoji or other symbol, without skin tone and variation selector. */
  symbol(text: string, start: number, end: number): void;
  /** A sign that touches a word, or touches such a sign; and `touch` wherever one touches the other. */
  sign(text: string, start: number, end: number): void;
  /** Signs that touch no word. */
  looseSigns(text: string): void;
  /** Something that words do not reach across. */
  gap(): void;
}

/** Stands between two characters of an unspaced script that touch: 投資。料金 does not say 資料. */
export const glue = '\u0001';

/** Stands between a sign and what it touches: in “c ++” the signs are not those of “c++”. */
export const touch = '\u0002';

/** What is before a word and only makes a hashtag of it. */
const hashes = /^#+$/;

/**
 * Reads words and symbols out of a text, in linear time. Never throws, whatever the text.
 * @param maxLength how long a token can be and still matter: of longer ones only so much is given that they are longer
 */
export function scan(text: string, sink: TokenSink, maxLength = Number.POSITIVE_INFINITY): void {
  const addresses = addressRanges(text);
  let address = 0;

  let unit = '';
  let kind: Glyph['kind'] = 'separator';
  let start = 0;
  let end = 0;
  let hasMark = false;
  let afterAlone = false;
  /** Whether a word or its signs end right here, but for accents and what is invisible. */
  let touching = false;
  /** Signs of which it is not known yet whether they touch a word. */
  let signs: Array<{ text: string; start: number; end: number }> = [];
  let signsTouch = false;

  function giveSigns(wordFollows: boolean): void {
    if (signs.length === 0) return;
    const text = signs.map((sign) => sign.text).join('');
    if (!signsTouch && (!wordFollows || hashes.test(text))) sink.looseSigns(text);
    else {
      for (const [index, sign] of signs.entries()) {
        if (signsTouch || index > 0) sink.sign(touch, sign.start, sign.start);
        sink.sign(sign.text, sign.start, sign.end);
      }
      if (wordFollows) sink.sign(touch, signs.at(-1)!.end, signs.at(-1)!.end);
    }
    signs = [];
  }

  function takeSign(text: string, from: number, to: number): void {
    close();
    if (signs.length === 0) signsTouch = touching;
    signs.push({ text, start: from, end: to });
    afterAlone = false;
    touching = false;
  }

  function close(): void {
    if (unit === '') return;
    if (kind === 'alone' && afterAlone) sink.word(glue, start, start);
    // Two marks on one letter may come in either order; only a whole unit can be put into the canonical one.
    sink.word(hasMark ? unit.normalize('NFKD') : unit, start, end);
    afterAlone = kind === 'alone';
    touching = true;
    unit = '';
    hasMark = false;
  }

  function separate(): void {
    close();
    giveSigns(false);
    afterAlone = false;
    touching = false;
  }

  function continues(next: Glyph['kind']): boolean {
    if (unit === '' || kind === 'alone') return false;
    if (next === 'digit' || kind === next) return true;
    return kind === 'digit' && next !== 'alone';
  }

  function take(glyph: Glyph, from: number, to: number): void {
    if (glyph.kind === 'invisible') return;
    if (glyph.kind === 'separator' || glyph.kind === 'tone') separate();
    else if (glyph.kind === 'sign') takeSign(glyph.text, from, to);
    else if (glyph.kind === 'mixed') for (const part of glyph.parts) take(part, from, to);
    else if (glyph.kind !== 'accent') append(glyph, from, to);
    else if (unit !== '') {
      const breved = text.startsWith(breve, from) && lettersWithBreve.includes(unit.at(-1)!);
      if (breved) unit += breve;
      end = to;
    }
  }

  function append(glyph: Glyph, from: number, to: number): void {
    if (glyph.kind === 'mark' && unit !== '') hasMark = true;
    else if (continues(glyph.kind)) kind = glyph.kind === 'digit' ? kind : glyph.kind;
    else {
      close();
      giveSigns(true);
      kind = glyph.kind === 'mark' ? 'letter' : glyph.kind;
      start = from;
    }
    if (unit.length <= maxLength) unit += glyph.text;
    end = to;
  }

  for (let at = 0; at < text.length; ) {
    if (addresses[address]?.start === at) {
      separate();
      sink.gap();
      at = addresses[address]!.end;
      address += 1;
      continue;
    }
    const codePoint = text.codePointAt(at)!;
    const next = at + unitsOf(codePoint);
    const glyph = glyphOf(codePoint);
    if (glyph.kind === 'symbol' || glyph.kind === 'flag') {
      separate();
      const symbol = readSymbol(text, glyph, next, maxLength);
      sink.symbol(symbol.text, at, symbol.end);
      at = symbol.end;
    } else {
      take(glyph, at, next);
      at = next;
    }
  }
  separate();
}
