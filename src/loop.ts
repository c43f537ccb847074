/** Something that is done again and again, one round after the other. */
export interface Loop {
  start(): void;
  /** No new round; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/**
 * @param round must not reject
 * @param pauseMs between the end of a round and the next
 */
export function createLoop(round: () => Promise<unknown>, pauseMs: number): Loop {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> | undefined;
  let stopped = false;

  async function run(): Promise<void> {
    running = round();
    await running;
    if (!stopped) timer = setTimeout(run, pauseMs);
  }

  return {
    start: () => void run(),
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
