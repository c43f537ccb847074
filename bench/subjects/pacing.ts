/**
 * Real accounts are paced as the platform wants it; the bench measures the machine and not the platform's patience.
 * `false` until `POST /v1/accounts` knows the field: this is the one place to switch it on.
 */
const accountsArePaced = false;

const unhindered = { perHour: 3_600_000, burst: 1_000_000 };

/** What goes into the body of `POST /v1/accounts` beside platform and token. */
export function pacingOverride(): Record<string, unknown> {
  return accountsArePaced ? { pacing: { private_reply: unhindered, public_reply: unhindered } } : {};
}
