import { scan } from './words.ts';

interface KeywordReading {
  words: string[];
  /** Words, the signs that touch them, and emoji, in their order. */
  tokens: string[];
  /** What stands before the first word and behind the last one without touching it. */
  looseEdge: string;
  /** Holds a mention, a link or an e-mail address. */
  hasAddress: boolean;
}

function read(keyword: string): KeywordReading {
  const reading: KeywordReading = { words: [], tokens: [], looseEdge: '', hasAddress: false };
  let looseEnd = '';
  const take = (text: string) => {
    reading.tokens.push(text);
    looseEnd = '';
  };
  scan(keyword, {
    word(text) {
      reading.words.push(text);
      take(text);
    },
    sign: take,
    symbol: take,
    looseSigns(text) {
      // What stands alone between two words is punctuation; at an edge it was meant, but for the hash of a hashtag.
      if (reading.tokens.length === 0 && !text.startsWith('#')) reading.looseEdge ||= text;
      looseEnd ||= text;
    },
    gap() {
      reading.hasAddress = true;
    },
  });
  reading.looseEdge ||= looseEnd;
  return reading;
}

/**
 * What has to follow one another in a comment for the keyword to be in it: its folded words, the signs that touch
 * them and its emoji. Of a keyword of words alone, emoji and signs of the comment may come in between. Empty when the
 * keyword can be in no comment.
 */
export function keywordTokens(keyword: string): string[] {
  const { tokens, hasAddress } = read(keyword);
  return hasAddress ? [] : tokens;
}

/** Keywords with the same key match the same comments. */
export function keywordKey(keyword: string): string {
  return keywordTokens(keyword).join(' ');
}

/** @returns what is wrong with the keyword, as a sentence for the person who typed it; null when it is good */
export function keywordProblem(keyword: string): string | null {
  const { words, tokens, looseEdge, hasAddress } = read(keyword);
  if (hasAddress) {
    return `“${keyword}” can never match: mentions, links and e-mail addresses do not count as words of a comment`;
  }
  if (tokens.length === 0)
    return `“${keyword}” can never match: a keyword needs a letter, a digit or an emoji`;
  if (looseEdge === '') return null;
  return `“${keyword}” would match every “${words.join(' ') || tokens.join('')}”: write “${looseEdge}” right beside the word that it belongs to, or leave it out`;
}

/** Of keywords that match the same comments the first is kept. */
export function mergeSameKeywords(keywords: readonly string[]): string[] {
  const byKey = new Map<string, string>();
  for (const keyword of keywords) {
    const key = keywordKey(keyword);
    if (!byKey.has(key)) byKey.set(key, keyword);
  }
  return [...byKey.values()];
}
