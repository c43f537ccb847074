/** One field at fault: a JSON pointer into the body, or the name of a query parameter or header. */
export interface FieldError {
  field: string;
  message: string;
}

/** The most errors that one answer lists, and the longest of their texts: a caller may send any amount of nonsense. */
export const maxErrors = 20;
const maxMessageLength = 400;

/**
 * A request that cannot be answered as asked, in the terms of RFC 9457. Everything in it is written for the caller:
 * never a secret, never an internal.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  /** Stable, snake_case: what programs branch on. */
  readonly code: string;
  /** For people: what is wrong and what to do about it. */
  readonly detail: string;
  readonly field: string | undefined;
  readonly errors: readonly FieldError[] | undefined;

  constructor(
    status: number,
    code: string,
    detail: string,
    at: { field?: string; errors?: readonly FieldError[] } = {},
  ) {
    super(`${code}: ${detail}`);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.field = at.field ?? at.errors?.[0]?.field;
    this.errors = at.errors?.slice(0, maxErrors).map(shortened);
  }
}

function shortened({ field, message }: FieldError): FieldError {
  return {
    field,
    message:
      message.length > maxMessageLength ? `${message.slice(0, maxMessageLength).toWellFormed()}…` : message,
  };
}

/** Ends a sentence that tells the first of several errors. */
export function andMore(errors: readonly FieldError[]): string {
  const more = errors.length - 1;
  if (more < 1) return '';
  return `; and ${more} more, see errors${errors.length > maxErrors ? ` for the first ${maxErrors}` : ''}`;
}

/** Also what another workspace's id gets: whether it exists is nobody else's business. */
export function notFound(what: string): Problem {
  return new Problem(404, 'not_found', `There is no ${what} with this id in your workspace. Check the id.`);
}
