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
    // The first half is warm-up: caches fill, code is compiled.
    const settledSamples = samples.slice(samples.length >> 1);
    const growthPerHour = Object.fromEntries(
      roles.map((role) => [role, slope(settledSamples.map((s) => ({ x: s.minutes, y: s[role] }))) * 60]),
    );
    for (const role of roles) {
      const peak = Math.max(...samples.map((sample) => sample[role]));
      say(
        `${role}: peak ${peak.toFixed(0)} MB, in the second half ${growthPerHour[role]?.toFixed(1)} MB per hour`,
      );
    }
    say(writeJson('soak.json', { ...circumstances(stage), flags, dms, growthPerHour, samples }));
    say(writeResult('soak.svg', plot(samples)));
  });
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
