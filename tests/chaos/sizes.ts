/**
 * How much chaos: `npm run test:chaos` sets CHAOS=long, and is where the README's figures come from; `npm test` takes
 * what CI can afford.
 */
export const long = process.env.CHAOS === 'long';

const size = <Size>(short: Size, whole: Size): Size => (long ? whole : short);

export const sizes = {
  kill: size({ kills: 12, comments: 1_500 }, { kills: 200, comments: 20_000 }),
  flush: size({ flushes: 4, comments: 400 }, { flushes: 60, comments: 6_000 }),
  queueAway: size({ forMs: 8_000, comments: 300 }, { forMs: 20_000, comments: 2_100 }),
  postgres: size(
    { restarts: 2, comments: 400, awayMs: 1_500 },
    { restarts: 5, comments: 5_000, awayMs: 5_000 },
  ),
  network: size({ rounds: 1, comments: 400, awayMs: 2_000 }, { rounds: 10, comments: 5_000, awayMs: 10_000 }),
  brokenAnswers: size({ comments: 300, timeouts: 3 }, { comments: 4_000, timeouts: 20 }),
  stopped: size({ comments: 120 }, { comments: 1_000 }),
};

/** How long anything may take to come to rest by itself, on a machine that is slow and busy. */
export const patienceMs = size(300_000, 1_800_000);
export const testTimeoutMs = size(600_000, 3 * 3_600_000);
