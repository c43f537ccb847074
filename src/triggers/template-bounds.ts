import { Tokenizer, TokenKind, type TopLevelToken } from 'liquidjs';
import { TemplateError } from './template-errors.ts';

/**
 * What a template may be made of. The engine follows nesting by recursion and says of each variable the whole
 * expression around it, so what is within 4,000 characters can cost it seconds and megabytes; no message comes near
 * these.
 */
export const templateBounds = {
  /** `{{ … }}` and `{% … %}`, all together. */
  parts: 200,
  /** `[` and `(` within one of them; each may be inside the one before. */
  brackets: 10,
  /** Filters within one of them. */
  pipes: 20,
  /** `,` within one of them: arguments. */
  commas: 40,
} as const;

function occurrences(text: string, ...chars: string[]): number {
  let count = 0;
  for (const char of text) if (chars.includes(char)) count += 1;
  return count;
}

function isCode(token: TopLevelToken): boolean {
  return token.kind === TokenKind.Output || token.kind === TokenKind.Tag;
}

function complaint(code: string): string | null {
  if (occurrences(code, '[', '(') > templateBounds.brackets) return 'it nests too many brackets';
  if (occurrences(code, '|') > templateBounds.pipes)
    return `it has more than ${templateBounds.pipes} filters`;
  if (occurrences(code, ',') > templateBounds.commas) {
    return `it has more than ${templateBounds.commas} arguments`;
  }
  // Lists have to stay short, and this is how one of any length is made.
  const opened = code.indexOf('(');
  if (opened >= 0 && code.indexOf('..', opened) >= 0)
    return 'a range of numbers is not known here: leave out “(” before “..”';
  return null;
}

/**
 * Before anything is parsed. Quotes are not looked into: where the engine sees them end is its own affair, and this
 * has to hold whatever it sees.
 * @throws TemplateError · whatever the engine throws on what it cannot split into text and code
 */
export function refuseExcess(source: string): void {
  const parts = new Tokenizer(source).readTopLevelTokens().filter(isCode);
  if (parts.length > templateBounds.parts) {
    throw new TemplateError(`has more than ${templateBounds.parts} parts in {{ }} or {% %}`);
  }
  for (const part of parts) {
    const message = complaint(part.getText());
    if (message === null) continue;
    const [line, column] = part.getPosition();
    throw new TemplateError(`line ${line}, column ${column}: ${message}`);
  }
}
