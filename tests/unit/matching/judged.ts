import type { MissReason } from '../../../src/triggers/matcher.ts';
import type { MatchRules } from '../../../src/triggers/modes.ts';

/** One comment, judged by a person who had not seen the code: what of it is highlighted, or why nothing is. */
export type JudgedCase = [
  text: string,
  rules: string | (Partial<MatchRules> & { keywords?: readonly string[] }),
  expected: string | { miss: MissReason },
  why: string,
];

export const absent = { miss: 'keyword_absent' } as const;
export const refused = { miss: 'keyword_refused' } as const;
export const excluded = { miss: 'excluded_word' } as const;

export const phrase = (...keywords: string[]) => ({ mode: 'phrase', keywords }) as const;
export const exact = (...keywords: string[]) => ({ mode: 'exact', keywords }) as const;
export const contains = (...keywords: string[]) => ({ mode: 'contains', keywords }) as const;
export const all = (...keywords: string[]) => ({ mode: 'all', keywords }) as const;
export const hashtag = (...keywords: string[]) => ({ mode: 'hashtag', keywords }) as const;
export const emoji = (...keywords: string[]) => ({ mode: 'emoji', keywords }) as const;
export const typos = (...keywords: string[]) => ({ keywords, typos: true }) as const;
export const any = { mode: 'any' } as const;
