/** How long the queue has for a message that was put into it, before the scheduler puts it in again. */
export const wakeGraceMs = 30_000;
