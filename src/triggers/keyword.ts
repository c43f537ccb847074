import { tagKey } from './hashtags.ts';
import { hasDotlessI, type MatchLanguage, type MatchMode } from './modes.ts';
import { gap, loose, symbol, word } from './reading.ts';
import { glue, Vocabulary } from './vocabulary.ts';
import { isHashes, Reader } from './words.ts';

/** What a keyword says, in the numbers of a vocabulary. */
export interface KeywordReading {
  /** Words, the signs that touch them, and emoji, in their order. */
  tokens: number[];
  words: number[];
  symbols: number;
  /** Its folded characters, with a space between words. */
  characters: number[];
  /** What stands before the first word and behind the last one without touching it. */
  looseEdge: string;
  /** Holds a mention, a link or an e-mail address. */
  hasAddress: boolean;
}

/** @param reader one that learns; of one that gives no characters there are none */
export function readKeyword(reader: Reader, keyword: string): KeywordReading {
  const { kinds, ids, starts, ends, count } = reader.read(keyword);
  const { units, length } = reader.characters;
  const reading: KeywordReading = {
    tokens: [],
    words: [],
    symbols: 0,
    characters: [...units.subarray(0, length)],
    looseEdge: '',
    hasAddress: false,
  };
  let looseEnd = '';
  for (let at = 0; at < count; at += 1) {
    const kind = kinds[at];
    if (kind === gap) reading.hasAddress = true;
    else if (kind === loose) {
      const text = keyword.slice(starts[at], ends[at]);
      // What stands alone between two words is punctuation; at an edge it was meant, but for the hash of a hashtag.
      if (reading.tokens.length === 0 && !isHashes(text[0]!, 0, 1)) reading.looseEdge ||= text;
      looseEnd ||= text;
    } else {
      reading.tokens.push(ids[at]!);
      looseEnd = '';
      if (kind === symbol) reading.symbols += 1;
      else if (kind === word) reading.words.push(ids[at]!);
    }
  }
  reading.looseEdge ||= looseEnd;
  return reading;
}

export function keywordReader(
  vocabulary: Vocabulary,
  language: MatchLanguage | null,
  givesCharacters: boolean,
): Reader {
  return new Reader({ vocabulary, learns: true, givesCharacters, dotless: hasDotlessI(language) });
}

function readAlone(keyword: string, language: MatchLanguage | null = null) {
  const vocabulary = new Vocabulary();
  return { vocabulary, ...readKeyword(keywordReader(vocabulary, language, true), keyword) };
}

/**
 * Keywords with the same key match the same comments. A keyword of words alone is found whatever signs and emoji stand
 * between them. Empty when the keyword can be in no comment.
 */
export function keywordKey(keyword: string, language: MatchLanguage | null = null): string {
  const { vocabulary, tokens, hasAddress } = readAlone(keyword, language);
  return hasAddress ? '' : tokens.map((id) => vocabulary.textOf(id)).join(' ');
}

/** @returns what is wrong with the keyword, as a sentence for the person who typed it; null when it is good */
export function keywordProblem(keyword: string, mode: MatchMode = 'word'): string | null {
  if (mode === 'emoji') return emojiProblem(keyword);
  if (mode === 'hashtag') return hashtagProblem(keyword);
  const { vocabulary, words, tokens, symbols, looseEdge, hasAddress, characters } = readAlone(keyword);
  if (hasAddress) {
    return `“${keyword}” can never match: mentions, links and e-mail addresses do not count as words of a comment`;
  }
  if (tokens.length === 0)
    return `“${keyword}” can never match: a keyword needs a letter, a digit or an emoji`;
  if (looseEdge !== '') {
    const rest = words.filter((id) => id !== glue).map((id) => vocabulary.textOf(id));
    const said = rest.join(' ') || keyword.replaceAll(looseEdge, '').trim();
    return `“${keyword}” would match every “${said}”: write “${looseEdge}” right beside the word that it belongs to, or leave it out`;
  }
  if (mode === 'contains' && characters.length === 1 && symbols === 0 && isOfMany(keyword)) {
    return `“${keyword}” is in nearly every comment: in the mode contains, a keyword needs two letters or more`;
  }
  return null;
}

/** Of a script whose words have several letters. */
function isOfMany(keyword: string): boolean {
  return /[\p{L}\p{N}]/u.test(keyword) && !/[\p{Script=Han}]/u.test(keyword);
}

const pictorial = /[\p{Extended_Pictographic}\p{Regional_Indicator}]/u;

function emojiProblem(keyword: string): string | null {
  const { tokens, symbols, looseEdge } = readAlone(keyword);
  if (/[0-9#*]\ufe0f?\u20e3/u.test(keyword)) {
    return `“${keyword}” counts as what is on the key: use the mode word`;
  }
  if (symbols === 0 || symbols < tokens.length || looseEdge !== '' || !pictorial.test(keyword)) {
    return `“${keyword}” is not an emoji, and in the mode emoji all keywords are: use the mode word`;
  }
  return null;
}

function hashtagProblem(keyword: string): string | null {
  const tag = hashtagOf(keyword);
  if (tagKey(tag) === '') return `“${keyword}” can never match: a hashtag needs a letter or a digit`;
  if (/[^\p{L}\p{M}\p{N}\p{Cf}_·]/u.test(tag)) {
    return `“${keyword}” can never match: a hashtag is made of letters, digits and underscores`;
  }
  return null;
}

/** With or without its hash, in one word or several. */
export function hashtagOf(keyword: string): string {
  return keyword
    .trim()
    .replace(/^[#＃﹟]+/u, '')
    .replace(/\s+/gu, '');
}

/** Of keywords that match the same comments the first is kept, and all that match none, for somebody to complain. */
export function mergeSameKeywords(
  keywords: readonly string[],
  mode: MatchMode = 'word',
  language: MatchLanguage | null = null,
): string[] {
  const seen = new Set<string>();
  return keywords.filter((keyword) => {
    const key = mode === 'hashtag' ? tagKey(hashtagOf(keyword)) : keywordKey(keyword, language);
    if (key === '') return true;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const isAscii = /^[ -~]*$/;
const umlauts: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' };

/**
 * The other ways in which people without the keys for it write a keyword: Einfuehrung for Einführung, and for those who
 * say that their keywords are German also the other way round. The plain folding makes Einfuhrung of it.
 */
export function otherSpellings(keyword: string, language: MatchLanguage | null): string[] {
  if (hasDotlessI(language) || (language !== 'de' && isAscii.test(keyword))) return [];
  const composed = keyword.normalize('NFC').toLowerCase();
  const written = composed.replace(/[äöüåø]/g, (letter) => umlauts[letter]!);
  if (written !== composed) return [written];
  const short = language === 'de' ? composed.replace(/([aou])e/g, '$1') : composed;
  return short === composed ? [] : [short];
}
