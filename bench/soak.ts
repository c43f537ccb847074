/** Memory over time, at a steady load whose every DM is verified. */
import { memoryOf } from './measure/process-stats.ts';
import { slope } from './measure/statistics.ts';
import { circumstances, writeJson, writeResult } from './report/results.ts';
import { lineChart } from './report/svg.ts';
import { fullSettings } from './settings.ts';
import { withStage } from './stage.ts';
import type { Role } from './subjects/fairdrop.ts';

const roles = ['api', 'worker'] as const satisfies Role[];
const sampleMs = 5_000;
/** One batch of comments follows the other without a pause that would let anything recover. */
const secondsPerBatch = 20;

interface Sample {
  minutes: number;
  api: number;
  worker: number;
}

export async function soak(
  flags: { minutes: number; perSecond: number },
  say: (line: string) => void,
): Promise<void> {
  await withStage({}, async (stage) => {
    const { logLevel } = fullSettings;
    const around = circumstances(stage);
    const fairdrop = await stage.fairdrop({ name: 'Fairdrop', queue: 'redis', logLevel });
    const samples: Sample[] = [];
    const startedMs = Date.now();
    const take = () => {
      const megabytes = (role: Role) => memoryOf(fairdrop.pids[role])?.residentMb ?? Number.NaN;
      const minutes = (Date.now() - startedMs) / 60_000;
      samples.push({ minutes, api: megabytes('api'), worker: megabytes('worker') });
    };
    take();
    const timer = setInterval(take, sampleMs);
    let dms = 0;
    try {
      while (Date.now() - startedMs < flags.minutes * 60_000) {
        const run = await stage.range.run(fairdrop, {
          count: flags.perSecond * secondsPerBatch,
          matchingEvery: 1,
          load: { perSecond: flags.perSecond },
        });
        dms += run.dms;
        const { minutes, api, worker } = samples.at(-1) as Sample;
        say(
          `${minutes.toFixed(1)} min  ${dms} DMs  api ${api.toFixed(0)} MB  worker ${worker.toFixed(0)} MB  ack p99 ${run.ackMs.p99.toFixed(0)} ms`,
        );
      }
    } finally {
      clearInterval(timer);
    }
    await stage.range.verify();
    const byRole = Object.fromEntries(roles.map((role) => [role, summarize(samples, role)]));
    for (const [role, { peakMb, growthMbPerHour }] of Object.entries(byRole)) {
      const [first, second] = peakMb.map((peak) => peak.toFixed(0));
      say(
        `${role}: at most ${first} MB in the first half and ${second} MB in the second, which grew by ${growthMbPerHour.toFixed(1)} MB per hour`,
      );
    }
    say(writeJson('soak.json', { ...around, flags, dms, byRole, samples: columns(samples) }));
    say(writeResult('soak.svg', plot(samples)));
  });
}

/**
 * The first half is warm-up: caches fill, code is compiled. Memory goes up slowly and down at once, with the collection
 * of what is old, so that over a short time the slope of the second half says less than the two peaks.
 */
function summarize(samples: readonly Sample[], role: Role) {
  const middle = samples.length >> 1;
  const second = samples.slice(middle);
  const peakOf = (part: readonly Sample[]) => Math.max(...part.map((sample) => sample[role]));
  return {
    peakMb: [peakOf(samples.slice(0, middle)), peakOf(second)],
    growthMbPerHour: slope(second.map((sample) => ({ x: sample.minutes, y: sample[role] }))) * 60,
  };
}

function columns(samples: readonly Sample[]): Record<keyof Sample, number[]> {
  const column = (name: keyof Sample) => samples.map((sample) => sample[name]);
  return { minutes: column('minutes'), api: column('api'), worker: column('worker') };
}

function plot(samples: readonly Sample[]): string {
  const last = samples.at(-1)?.minutes ?? 1;
  const steps = Array.from({ length: 6 }, (_, index) => (last / 5) * index);
  return lineChart(
    'Resident memory under a steady load',
    { label: 'minutes', from: 0, to: last, ticks: steps, format: (value) => value.toFixed(1) },
    { label: 'MB', from: 0, to: 400, ticks: [0, 100, 200, 300, 400] },
    roles.map((role) => ({
      name: role,
      points: samples.map((sample) => ({ x: sample.minutes, y: sample[role] })),
    })),
  );
}
