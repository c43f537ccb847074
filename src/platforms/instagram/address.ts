/** What may stand in the address and the header of a request: values that come from the database. */

/** What HTTP can carry in a header; real tokens are letters and digits. */
export function isSendableToken(accessToken: string): boolean {
  return /^[\x21-\x7e]+$/.test(accessToken);
}

/** Dots would be read as a step in the path, and encoding does not change them. */
export function isPathSegment(id: string): boolean {
  return id !== '' && id !== '.' && id !== '..';
}

export function segment(id: string): string {
  return encodeURIComponent(id.toWellFormed());
}
