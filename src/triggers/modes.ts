/** How a trigger’s keywords are looked for. */
export const matchModes = ['word', 'phrase', 'exact', 'contains', 'all', 'any', 'emoji', 'hashtag'] as const;
export type MatchMode = (typeof matchModes)[number];

/** Stands for a keyword where every comment counts. */
export const anyKeyword = '*';

/** The modes in which keywords are words, so that a slip of the finger can be one. */
export const typoModes: readonly MatchMode[] = ['word', 'phrase', 'exact', 'all'];

/** Where a language changes what matches: what a refusal looks like, or how letters fold. */
export const matchLanguages = ['en', 'nl', 'de', 'fr', 'es', 'pt', 'tr', 'az'] as const;
export type MatchLanguage = (typeof matchLanguages)[number];

/** They have two letters i, and the other languages one. */
export function hasDotlessI(language: MatchLanguage | null): boolean {
  return language === 'tr' || language === 'az';
}

/** Everything about a trigger that says which comments fire it, on whichever post. */
export interface MatchRules {
  mode: MatchMode;
  keywords: readonly string[];
  exclude: readonly string[];
  typos: boolean;
  skipRefusals: boolean;
  language: MatchLanguage | null;
}

/** What a definition means that was stored before there was a choice. */
export const defaultRules = {
  mode: 'word',
  exclude: [],
  typos: false,
  skipRefusals: true,
  language: null,
} as const satisfies Omit<MatchRules, 'keywords'>;
