/**
 * What one code point means to the matcher, and what remains of it once case, accents and typographic dress
 * are taken off.
 *
 * - `separator`  ends a word
 * - `invisible`  is as if it were not there, also inside a word (zero-width, soft hyphen, bidi)
 * - `accent`     is taken off, but belongs to the letter before it
 * - `mark`       stays with the letter before it, and makes it another one (the vowels of Hindi, a dakuten)
 * - `digit`      continues any word
 * - `letter`, `katakana`, `hangul` continue a word of their own kind
 * - `alone`      is a word of its own: the scripts that put no space between words
 * - `sign`       means something where it touches a word, as in c++ and 10%, and ends that word
 * - `symbol`, `flag`, `tone` are emoji, the halves of flags, and skin tones
 * - `mixed`      stands for several of the above, as ½ does
 */
export type GlyphKind =
  | 'separator'
  | 'invisible'
  | 'accent'
  | 'mark'
  | 'digit'
  | 'letter'
  | 'katakana'
  | 'hangul'
  | 'alone'
  | 'sign'
  | 'symbol'
  | 'flag'
  | 'tone'
  | 'mixed';

export interface Glyph {
  readonly kind: GlyphKind;
  readonly text: string;
  /** Of `mixed` only. */
  readonly parts: readonly Glyph[];
}

const wordlike = /[\p{L}\p{M}\p{N}\p{Alphabetic}]/u;
const pictorial = /[\p{So}\p{Extended_Pictographic}]/u;
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** Also the optional vowel points of Hebrew and Arabic, the Arabic stretching stroke, and what draws a keycap. */
const accent =
  /[\u0300-\u036f[[\u0591-\u05c7]&&\p{M}]\u0640\u064b-\u065f\u0670[[\u06d6-\u06ed]&&\p{M}]\p{Me}]/v;
/** Letters by category, but people use them and the ordinary apostrophe for one another. */
const apostrophe = /[\u02b9-\u02bf]/;
/** Katakana is left out as in UAX #29: its words are names of things, and "ガイドライン" is not "ガイド". */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const katakana = /\p{Script_Extensions=Katakana}/u;
const hangul = /\p{Script=Hangul}/u;
const sign = /[#%&+<=>@‰\p{Sc}]/u;
/** Of a word, not beside it: nobody repeats them. */
const ornament = /[©®™℠]/;
const mark = /\p{M}/u;
const digit = /\p{N}/u;

/** Makes another letter of и, й, and is an accent on all others. */
export const breve = '\u0306';
export const lettersWithBreve: readonly string[] = ['и'];

/**
 * Letters that Unicode does not take apart and people without the key for them do; and those that Arabic and Persian
 * keyboards give different code points.
 */
const plainLetters: Readonly<Record<string, string>> = {
  æ: 'ae',
  đ: 'd',
  ħ: 'h',
  ł: 'l',
  ø: 'o',
  œ: 'oe',
  ŧ: 't',
  ة: 'ه',
  ى: 'ي',
  ٱ: 'ا',
  ی: 'ي',
  ک: 'ك',
};

function glyph(kind: GlyphKind, text = '', parts: readonly Glyph[] = []): Glyph {
  return { kind, text, parts };
}

const separatorGlyph = glyph('separator');

/** The white letters on black, which Unicode does not relate to letters: 🅐 and 🅰. */
function letterInBox(codePoint: number): string | null {
  for (const first of [0x1f150, 0x1f170]) {
    if (codePoint >= first && codePoint < first + 26) return String.fromCharCode(0x61 + codePoint - first);
  }
  return null;
}

/** Both ways, because ß only opens going up and ẞ only going down; one letter at a time, so that ς becomes σ. */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase();
}

const decimal = /\p{Nd}/u;

/** Unicode keeps the ten digits of a script together, from zero on. */
function asciiDigit(char: string): string {
  const codePoint = char.codePointAt(0)!;
  let first = codePoint;
  while (decimal.test(String.fromCodePoint(first - 1))) first -= 1;
  return String((codePoint - first) % 10);
}

/** Of one code point that is fully decomposed and in small letters. */
function plain(char: string): string {
  return decimal.test(char) ? asciiDigit(char) : (plainLetters[char] ?? char);
}

function kindOfLetter(char: string): GlyphKind {
  if (accent.test(char)) return 'accent';
  if (invisible.test(char)) return 'invisible';
  if (apostrophe.test(char) || !wordlike.test(char)) return 'separator';
  if (mark.test(char)) return 'mark';
  if (unspaced.test(char)) return 'alone';
  if (digit.test(char)) return 'digit';
  if (katakana.test(char)) return 'katakana';
  return hangul.test(char) ? 'hangul' : 'letter';
}

function foldLetter(char: string): Glyph {
  const parts: Glyph[] = [];
  for (const each of foldCase(char.normalize('NFKD')).normalize('NFKD')) {
    const last = parts.at(-1);
    if (each === breve && last && lettersWithBreve.includes(last.text)) {
      parts[parts.length - 1] = glyph(last.kind, last.text + breve);
      continue;
    }
    const folded = plain(each);
    const kind = kindOfLetter(folded);
    if (kind === 'accent' || kind === 'invisible') continue;
    const text = kind === 'separator' ? '' : folded;
    if (last?.kind === kind && kind !== 'alone') parts[parts.length - 1] = glyph(kind, last.text + text);
    else parts.push(glyph(kind, text));
  }
  if (parts.length === 0) return glyph('accent');
  return parts.length === 1 ? parts[0]! : glyph('mixed', '', parts);
}

/** Letters in a row in one character: ㍿, ㎏, ℡. Not those that are emoji, as ㊗. */
const picture = /\p{Extended_Pictographic}/u;
const lettersOnly = /^[\p{L}\p{M}\p{N}]+$/u;

function readOther(char: string): Glyph {
  const plainest = char.normalize('NFKD');
  if (plainest !== char && !ornament.test(char) && !picture.test(char) && lettersOnly.test(plainest)) {
    return foldLetter(char);
  }
  if (sign.test(plainest) && plainest.length === 1) return glyph('sign', plainest);
  return pictorial.test(char) && !ornament.test(char) ? glyph('symbol', char) : separatorGlyph;
}

function readGlyph(codePoint: number): Glyph {
  if (codePoint >= 0x1f3fb && codePoint <= 0x1f3ff) return glyph('tone');
  const char = String.fromCodePoint(codePoint);
  if (codePoint >= 0x1f1e6 && codePoint <= 0x1f1ff) return glyph('flag', char);
  const boxed = letterInBox(codePoint);
  if (boxed !== null) return glyph('letter', boxed);
  const kind = kindOfLetter(char);
  if (kind === 'accent' || kind === 'invisible') return glyph(kind);
  return kind === 'separator' ? readOther(char) : foldLetter(char);
}

const ascii = Array.from({ length: 256 }, (_, codePoint) => readGlyph(codePoint));

/** By blocks of 256 code points, of which a comment needs very few. */
const blocks: Array<Array<Glyph | undefined> | undefined> = [ascii];

export function glyphOf(codePoint: number): Glyph {
  const block = blocks[codePoint >> 8];
  const known = block?.[codePoint & 0xff];
  if (known !== undefined) return known;
  const read = readGlyph(codePoint);
  const kept = block ?? new Array<Glyph | undefined>(256).fill(undefined);
  kept[codePoint & 0xff] = read;
  blocks[codePoint >> 8] = kept;
  return read;
}
