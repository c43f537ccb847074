/** A block is not over because the token works: it is left alone for longer. */
const blockedFactor = 24;

/**
 * How long until a paused account is tried again, as SQL: a quarter of an hour, doubling with each try up to a day.
 * @param probes an expression of how often it was tried
 * @param reason an expression of why it is paused
 */
export function probeWait(probes: string, reason: string): string {
  return `least(interval '1 day', interval '15 minutes' * 2 ^ least(${probes}, 10)
    * case ${reason} when 'blocked' then ${blockedFactor} else 1 end)`;
}
