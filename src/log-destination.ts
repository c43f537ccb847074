import pino from 'pino';

/** So much is written at once: at full load some fifty lines, each of which would be a call of the system by itself. */
const bytesPerWrite = 16 * 1024;

/** The longest that a line waits for others. */
const longestWaitMs = 100;

/**
 * Standard output for log lines, which go together. Whatever ends the process by its own doing, an error that nobody
 * caught included, writes what is left; a process that is killed takes the last 100 ms of its lines along.
 */
export function logDestination(): pino.DestinationStream & { flushSync(): void } {
  const destination = pino.destination({ dest: 1, sync: false, minLength: bytesPerWrite });
  let flushing: NodeJS.Timeout | undefined;
  return {
    write(line) {
      destination.write(line);
      flushing ??= setTimeout(() => {
        flushing = undefined;
        destination.flush();
      }, longestWaitMs).unref();
    },
    /** What pino calls after a fatal line. */
    flushSync: () => destination.flushSync(),
  };
}
