/** The words of an outcome for the owner's eyes: bounded, storable, and without the token. */

import { cleanText } from './values.ts';

const maxDetailLength = 500;
/** Enough of a token to recognise it by, and too little to be of use. */
const recognisableLength = 8;

/**
 * Meta repeats a token that it cannot parse in its error message, at times cut short; so whatever begins like the
 * token goes too.
 */
export function toDetail(text: string, accessToken: string): string {
  let safe = text;
  if (accessToken !== '') safe = safe.replaceAll(accessToken, '[token]');
  if (accessToken.length >= 2 * recognisableLength) {
    const beginning = accessToken.slice(0, recognisableLength).replace(/\W/g, '\\$&');
    safe = safe.replace(new RegExp(`${beginning}[^\\s"'<>]*`, 'g'), '[token]');
  }
  // Redacted before it is cut: a cut through the token would hide it from the search.
  return cleanText(safe.replace(/\s+/g, ' ').trim().slice(0, maxDetailLength));
}
