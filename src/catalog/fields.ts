import { z } from 'zod';
import { isPlain } from '../workspaces/names.ts';

/** What creators may write into the fields that the API and the file of triggers have in common. */

export const name = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine(isPlain, 'must have no control characters: no line ends, nothing that turns the writing around');

export const priority = z
  .int()
  .min(-1_000)
  .max(1_000)
  .describe('Of several triggers that match, the highest goes first; of equals the oldest');

export const givenState = z
  .enum(['draft', 'active', 'paused'])
  .describe('A draft never fires, can be rehearsed, and becomes active once; nothing becomes a draft again');

/** Postgres can store neither NUL nor half a surrogate pair. */
const storable = z
  .string()
  .refine(
    (text) => text.isWellFormed() && !text.includes('\0'),
    'contains a character that cannot be stored',
  );

export const resourceUrl = storable
  .max(2_000)
  .refine(isPublicUrl, 'must be an absolute http or https URL without a user name or password in it')
  .meta({ format: 'uri' });

export const resourceText = storable.trim().min(1).max(4_000);

/** Spaces and control characters are refused by hand: the URL parser would silently drop them. */
function isPublicUrl(value: string): boolean {
  if (!/^https?:\/\/[^\s\p{Cc}]+$/iu.test(value)) return false;
  const parsed = URL.parse(value);
  return parsed !== null && parsed.username === '' && parsed.password === '';
}
