/**
 * Fairdrop's own `src/main.ts`, in a process that ends with the bench, and that can be asked for a CPU profile of a
 * stretch of its life: `node --cpu-prof` would mix in its start and its warm-up.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

export type ProfileCommand = { profile: 'start' } | { profile: 'stop'; file: string };

const samplingIntervalUs = 500;
let session: Session | undefined;

process.on('message', async (command: ProfileCommand) => {
  if (command.profile === 'start') {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: samplingIntervalUs });
    await session.post('Profiler.start');
  } else if (session) {
    const { profile } = await session.post('Profiler.stop');
    writeFileSync(command.file, JSON.stringify(profile));
    session.disconnect();
  }
  process.send?.(command.profile);
});
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

await import('../../src/main.ts');
