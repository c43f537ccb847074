/** A lane at the moment when it is laid out. Times are milliseconds since 1970. */
export interface Lane {
  /** Between two calls of the even pace, in milliseconds. */
  stepMs: number;
  /** How many calls may come at once. */
  burst: number;
  /** The theoretical arrival time of the calls that were made. */
  usedUntilMs: number;
  /** No call before then; 0 for no such time. */
  restUntilMs: number;
}

export interface Waiting {
  deadlineMs: number;
  /** Not tried again before; 0 for no such time. */
  notBeforeMs: number;
}

export interface LaidOut {
  /** For each message in the order given: when its turn comes. Beyond its deadline: it will not. */
  dueMs: number[];
  /** Where the slot of the next message is. */
  nextSlotMs: number;
}

/**
 * Lays out a lane anew: slots in the order of deadlines, from now on and after a rest. A message that cannot make its
 * deadline takes no slot from those behind it.
 * @param waiting the earliest deadline first
 */
export function layOut(lane: Lane, waiting: readonly Waiting[], nowMs: number): LaidOut {
  const slackMs = lane.stepMs * (lane.burst - 1);
  const restMs = lane.restUntilMs > nowMs ? lane.restUntilMs : 0;
  // After a rest the calls are spaced evenly: a burst is what the platform has just asked not to see.
  const base = Math.max(nowMs, lane.usedUntilMs, restMs === 0 ? 0 : restMs + slackMs);
  let taken = 0;
  const dueMs = waiting.map(({ deadlineMs, notBeforeMs }) => {
    const slotMs = Math.max(nowMs, restMs, base + lane.stepMs * taken - slackMs);
    if (slotMs <= deadlineMs) taken += 1;
    return Math.max(slotMs, notBeforeMs);
  });
  return { dueMs, nextSlotMs: base + lane.stepMs * taken };
}
