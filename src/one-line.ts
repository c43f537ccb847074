import { inspect } from 'node:util';
import { StartupError } from './config.ts';
import { isDatabaseOutage } from './db/prisma-errors.ts';

/** A sentence for whoever sits at the terminal. @param debug whether they rather see where it comes from */
export function oneLine(error: unknown, debug: boolean): string {
  if (error instanceof StartupError) return error.message;
  if (debug) return inspect(error);
  if (isDatabaseOutage(error)) {
    return 'The database cannot be asked right now: try again shortly. DEBUG=1 shows what it said.';
  }
  // Prisma puts the call first and what was wrong with it last.
  const said = (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1)?.trim();
  return `That did not work: ${said || 'no reason was given'} (DEBUG=1 shows more).`;
}
