/**
 * Real accounts are paced as the platform wants it; the bench measures the machine and not the platform's patience.
 */
const unhindered = { perHour: 3_600_000, burst: 1_000_000 };

/** What goes into the body of `POST /v1/accounts` beside platform and token. */
export function pacingOverride(): Record<string, unknown> {
  return { pacing: { private_reply: unhindered, public_reply: unhindered } };
}
