import pino from 'pino';

/** So much is written at once: at full load some thirty lines, each of which would be a call of the system by itself. */
const bytesPerWrite = 8 * 1024;

/** The longest that a line waits for others. */
const longestWaitMs = 100;

/**
 * Standard output for log lines, which go together. Whatever ends the process by its own doing, an error that nobody
 * caught included, writes what is left; a process that is killed takes the last 100 ms of its lines along.
 */
export function logDestination(): pino.DestinationStream & { flushSync(): void } {
  const destination = pino.destination({ dest: 1, sync: false, minLength: bytesPerWrite });
  let isDue = false;
  return {
    write(line) {
      destination.write(line);
      if (isDue) return;
      isDue = true;
      setTimeout(() => {
        isDue = false;
        destination.flush();
      }, longestWaitMs).unref();
    },
    /** What pino calls after a fatal line. */
    flushSync: () => destination.flushSync(),
  };
}
