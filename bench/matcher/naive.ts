/** How one would do it at first: a regular expression for each keyword, one after the other. */
import { setFlagsFromString } from 'node:v8';
import type { MatchableTrigger } from '../../src/triggers/matcher.ts';

/** V8 makes machine code of each regular expression, and its room for that ends before 100,000 of them. */
const maxCompiled = 10_000;

export function compileNaively(triggers: readonly MatchableTrigger[]): (text: string) => string | null {
  if (triggers.length > maxCompiled) setFlagsFromString('--regexp-interpret-all');
  const listed = triggers.flatMap(({ id, definition }) =>
    // The keywords of the bench are plain letters and spaces.
    definition.keywords.map((keyword) => ({ id, pattern: new RegExp(`\\b${keyword}\\b`, 'i') })),
  );
  return (text) => listed.find(({ pattern }) => pattern.test(text))?.id ?? null;
}
