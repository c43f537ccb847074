import type { FastifyBaseLogger } from 'fastify';

/** How long the same complaint stays quiet after it was logged. */
const quietMs = 10_000;

/**
 * Logs what breaks in the background. A service that is away makes every attempt fail in the same words: they are
 * logged once in a while, with how often they came in between.
 */
export function createErrorLog(
  log: FastifyBaseLogger,
  nowMs: () => number = Date.now,
): (error: unknown) => void {
  const seen = new Map<string, { loggedAtMs: number; since: number }>();
  return (error) => {
    const message = error instanceof Error ? error.message || error.name : String(error);
    const earlier = seen.get(message);
    if (earlier && nowMs() - earlier.loggedAtMs < quietMs) {
      earlier.since += 1;
      return;
    }
    // Messages may carry ids or times: never remember more than a few.
    if (seen.size > 100) seen.clear();
    seen.set(message, { loggedAtMs: nowMs(), since: 0 });
    log.error({ err: error, ...(earlier && { repeated: earlier.since }) }, message);
  };
}

/**
 * How the log shows an error, wherever it is logged. Errors of database drivers carry their whole connection along,
 * secrets of the session included: only what tells people something is taken.
 */
export function serializeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  return { type: name, message, code: (error as { code?: unknown }).code, stack };
}
