import { CharacterSearch } from './character-search.ts';
import { Findings, type Occurrence, type Pattern } from './findings.ts';
import { HashtagSearch, tagKey } from './hashtags.ts';
import { hashtagOf, keywordReader, otherSpellings, readKeyword } from './keyword.ts';
import { hasDotlessI, type MatchLanguage, type MatchMode, type MatchRules, typoModes } from './modes.ts';
import { refusalLanguageOf } from './refusal-words.ts';
import { refusingWords } from './refusals.ts';
import { SimilarWords } from './similar.ts';
import { Vocabulary } from './vocabulary.ts';
import { WordSearch } from './word-search.ts';
import { Reader } from './words.ts';

/** What a keyword is looked for with. */
export type KeywordRules = Pick<MatchRules, 'mode' | 'typos' | 'skipRefusals' | 'language'>;

function refusalsFor({ skipRefusals, language }: KeywordRules): Pattern['refusals'] {
  return skipRefusals ? (refusalLanguageOf(language) ?? 'all') : 'none';
}

/**
 * Many keywords, looked for in one pass over a text: a step for each of its words, however many keywords there are.
 * To be linked once all are in. Its results are overwritten by the next text.
 */
export class KeywordIndex {
  readonly #vocabulary = new Vocabulary();
  readonly #similar = new SimilarWords(this.#vocabulary);
  readonly #words = new WordSearch();
  readonly #characters = new CharacterSearch();
  readonly #hashtags = new HashtagSearch();
  readonly #patterns = new Map<string, Pattern>();
  readonly #keywordReader: Reader;
  readonly #characterReader: Reader;
  readonly #dotless: boolean;
  #lastRefusing = 0;
  #hasCharacters = false;
  #reader: Reader;
  readonly #findings = new Findings();

  /** @param language of the keywords, as far as it changes their letters */
  constructor(language: MatchLanguage | null) {
    this.#dotless = hasDotlessI(language);
    for (const word of refusingWords) this.#lastRefusing = this.#vocabulary.intern(word);
    this.#keywordReader = keywordReader(this.#vocabulary, language, false);
    this.#characterReader = keywordReader(this.#vocabulary, language, true);
    this.#reader = this.#keywordReader;
  }

  /** @returns what to look for in the findings: one pattern for each way of writing the keyword */
  add(keyword: string, rules: KeywordRules): Pattern[] {
    const written = [keyword, ...otherSpellings(keyword, rules.language)];
    return written.map((each) => this.#add(each, rules)).filter((pattern) => pattern !== null);
  }

  link(): void {
    this.#words.link();
    this.#characters.link();
    this.#reader = new Reader({
      vocabulary: this.#vocabulary,
      similar: this.#similar,
      givesCharacters: this.#hasCharacters,
      dotless: this.#dotless,
      lastRefusing: this.#lastRefusing,
    });
  }

  find(text: string): readonly Occurrence[] {
    const findings = this.#findings;
    const tokens = this.#reader.read(text);
    findings.begin(text, this.#patterns.size, tokens.mayRefuse);
    this.#words.search(text, tokens, findings);
    if (this.#hasCharacters) this.#characters.search(this.#reader.characters, findings);
    this.#hashtags.search(text, tokens, findings);
    return findings.occurrences;
  }

  #add(keyword: string, rules: KeywordRules): Pattern | null {
    if (rules.mode === 'hashtag') {
      const key = tagKey(hashtagOf(keyword));
      return key === ''
        ? null
        : this.#pattern(key, [], true, rules, (pattern) => this.#hashtags.add(key, pattern));
    }
    const isInside = rules.mode === 'contains';
    const reading = readKeyword(isInside ? this.#characterReader : this.#keywordReader, keyword);
    if (reading.hasAddress || reading.tokens.length === 0) return null;
    if (isInside) {
      this.#hasCharacters = true;
      const key = String.fromCharCode(...reading.characters);
      return this.#pattern(key, reading.characters, true, rules, (pattern) => this.#characters.add(pattern));
    }
    const hasWordsOnly = reading.tokens.length === reading.words.length;
    return this.#pattern(reading.tokens.join(), reading.tokens, hasWordsOnly, rules, (pattern) => {
      this.#words.add(pattern);
      for (const id of reading.words) {
        this.#similar.addStretchable(id);
        if (pattern.mayBeTypo) this.#similar.addTypos(id);
      }
    });
  }

  #pattern(
    key: string,
    tokens: number[],
    hasWordsOnly: boolean,
    rules: KeywordRules,
    plant: (pattern: Pattern) => void,
  ): Pattern {
    const { mode } = rules;
    const refusals = refusalsFor(rules);
    const mayBeTypo = rules.typos && typoModes.includes(mode);
    const kind = kindOf(mode);
    const name = `${kind} ${refusals} ${mayBeTypo} ${key}`;
    const known = this.#patterns.get(name);
    if (known) return known;
    const pattern: Pattern = {
      id: this.#patterns.size,
      place: -1,
      tokens,
      length: tokens.length,
      hasWordsOnly,
      isPhrase: mode === 'phrase',
      isWhole: mode === 'exact',
      mayBeTypo,
      refusals,
    };
    this.#patterns.set(name, pattern);
    plant(pattern);
    return pattern;
  }
}

/** Modes that look for the same thing share their patterns. */
function kindOf(mode: MatchMode): string {
  return mode === 'all' || mode === 'emoji' ? 'word' : mode;
}
