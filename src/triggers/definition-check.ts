import { hashtagOf, keywordKey, keywordProblem, mergeSameKeywords } from './keyword.ts';
import { type MatchRules, typoModes } from './modes.ts';

export interface MatchingIssue {
  path: Array<string | number>;
  /** A sentence for the person who typed it. */
  message: string;
}

/** What is wrong with the keywords of a trigger, alone and together with its mode. */
export function matchingIssues(rules: Omit<MatchRules, 'skipRefusals'>): MatchingIssue[] {
  const { mode, keywords, exclude, typos, language } = rules;
  const issues: MatchingIssue[] = [];
  if (mode !== 'any') {
    if (keywords.length === 0) {
      const message = 'must not be empty, except in the mode any, which takes every comment';
      issues.push({ path: ['keywords'], message });
    }
    issues.push(...problems('keywords', keywords, (keyword) => keywordProblem(keyword, mode)));
  }
  issues.push(...problems('exclude', exclude, (word) => keywordProblem(word)));
  if (typos && !typoModes.includes(mode)) {
    const message = `is for the modes ${typoModes.join(', ')}: in the mode ${mode} keywords are no words`;
    issues.push({ path: ['typos'], message });
  }
  if (mode === 'any') return issues;
  const keys = new Map(
    keywords.map((keyword) => [
      keywordKey(mode === 'hashtag' ? hashtagOf(keyword) : keyword, language),
      keyword,
    ]),
  );
  keys.delete('');
  const contradiction = (word: string) => {
    const same = keys.get(keywordKey(word, language));
    return same === undefined
      ? null
      : `“${word}” is the keyword “${same}” too: the trigger could never fire on it`;
  };
  return [...issues, ...problems('exclude', exclude, contradiction)];
}

function problems(
  field: string,
  list: readonly string[],
  problemOf: (keyword: string) => string | null,
): MatchingIssue[] {
  return list.flatMap((keyword, index) => {
    const message = problemOf(keyword);
    return message === null ? [] : [{ path: [field, index], message }];
  });
}

/** Without the keywords that match the same comments as one before them. */
export function mergeKeywords({
  mode,
  keywords,
  exclude,
  language,
}: Omit<MatchRules, 'typos' | 'skipRefusals'>) {
  return {
    keywords: mergeSameKeywords(keywords, mode, language),
    exclude: mergeSameKeywords(exclude, 'word', language),
  };
}
