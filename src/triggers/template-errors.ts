import { filterNames, tagNames } from './liquid-names.ts';

/** A template that cannot be parsed or rendered. The message is for the person who wrote it. */
export class TemplateError extends Error {
  override name = 'TemplateError';
}

/** Thrown into the engine, and comes out of it in its wrapping. */
export const tooMuchText = 'too much text';

/** Of what a message quotes: enough to find the place, whatever somebody wrote there. */
const maxQuoteLength = 80;

export function quote(source: string): string {
  return source.length > maxQuoteLength ? `${source.slice(0, maxQuoteLength).toWellFormed()}…` : source;
}

/** The engine's words for what people do wrong, and ours. The first that fits is used. */
const sentences: ReadonlyArray<[pattern: RegExp, say: (...groups: string[]) => string]> = [
  [
    /^undefined filter: (.+)$/s,
    (name) => `the filter “${name}” is not known; there are ${list(filterNames)}`,
  ],
  [
    /^tag "(end\w+|else|elsif|when)" not found$/s,
    (name) => `{% ${name} %} stands without what it belongs to`,
  ],
  [
    /^tag "(.*)" not found$/s,
    (name) => `the tag “${name}” is not known; there are ${list(tagNames.filter((tag) => tag !== '#'))}`,
  ],
  [
    /^tag (\{%-?\s*(\w+).*) not closed$/s,
    (tag, name) => `${tag} is never closed: {% end${name} %} is missing`,
  ],
  [/^output "(.*)" not closed$/s, (output) => `“${output}” is never closed: }} is missing`],
  [/^tag "(.*)" not closed$/s, (tag) => `“${tag}” is never closed: %} is missing`],
  [/^raw "(.*)" not closed$/s, (tag) => `“${tag}” is never closed: {% endraw %} is missing`],
  [/^undefined variable: (.+)$/s, (name) => `the variable “${name}” is not known`],
  [/^parse length limit exceeded$/, () => 'the template is too long'],
  [/^(?:memory alloc limit exceeded|too much text)$/, () => 'it makes too much text'],
  [/^(split gives more than \d+ parts)$/, (said) => said],
];

function list(names: readonly string[]): string {
  return names.join(', ');
}

interface Positioned {
  getPosition(): [line: number, column: number];
}

function positionOf(error: unknown): string {
  const token = (error as { token?: Partial<Positioned> }).token;
  if (typeof token?.getPosition !== 'function') return '';
  const [line, column] = token.getPosition();
  return `line ${line}, column ${column}: `;
}

/** @returns what is wrong and where, as a phrase that follows the template's name */
export function describeLiquidError(error: unknown): string {
  const raw = error instanceof Error ? error.message : String(error);
  const message = raw.replace(/, line:\d+, col:\d+$/, '');
  for (const [pattern, say] of sentences) {
    const match = pattern.exec(message);
    if (match !== null) return positionOf(error) + say(...match.slice(1).map(quote));
  }
  return `${positionOf(error)}cannot be read: ${quote(message)}`;
}
