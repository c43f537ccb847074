/** Does a comment cost more when there have been many? One database that is filled up step by step. */
import { cpuPerThousand } from './compare.ts';
import { prefill } from './growth/prefill.ts';
import { type AnswerTime, askQuestions } from './growth/questions.ts';
import type { Run } from './measure/run.ts';
import { median } from './measure/statistics.ts';
import { circumstances, writeJson, writeResult } from './report/results.ts';
import { type Axis, lineChart, type Point } from './report/svg.ts';
import { renderTable } from './report/table.ts';
import { fullSettings } from './settings.ts';
import { withStage } from './stage.ts';
import { startBareLoop } from './subjects/bare.ts';

const roundsPerSize = 3;

export interface Size {
  events: number;
  databaseMb: number;
  runs: Run[];
  /** Against the bare loop in the same round, which has no database to grow. */
  dmsRatio: number;
  cpuPerThousand: number | null;
  answers: Record<string, AnswerTime>;
}

export async function growth(
  flags: { sizes: number[]; comments: number },
  say: (line: string) => void,
): Promise<void> {
  const { connections, logLevel, warmUp } = fullSettings;
  const plan = { count: flags.comments, matchingEvery: 1, load: { connections } };
  await withStage({}, async (stage) => {
    const fairdrop = await stage.fairdrop({ name: 'Fairdrop', queue: 'redis', logLevel });
    const loop = await stage.add(startBareLoop(stage.redis, stage.graphUrl));
    for (const subject of [fairdrop, loop]) await stage.range.run(subject, { ...plan, count: warmUp });
    const database = await stage.postgres.superuser(new URL(fairdrop.databaseUrl).pathname.slice(1));
    const sizes: Size[] = [];
    let filled = 0;
    for (const events of flags.sizes.toSorted((a, b) => a - b)) {
      say(`${events.toLocaleString('en-US')} events: filling`);
      await prefill(database, filled, events);
      filled = Math.max(filled, events);
      const runs: Run[] = [];
      const ratios: number[] = [];
      for (let round = 0; round < roundsPerSize; round += 1) {
        const bare = await stage.range.run(loop, plan);
        const run = await stage.range.run(fairdrop, plan);
        runs.push(run);
        ratios.push((run.dmsPerSecond ?? Number.NaN) / (bare.dmsPerSecond ?? Number.NaN));
      }
      const { rows } = await database.query(
        'select pg_database_size(current_database())::float8 / 1048576 as mb',
      );
      const cpu = runs.map(cpuPerThousand).filter((value) => value !== null);
      sizes.push({
        events,
        databaseMb: rows[0].mb,
        runs,
        dmsRatio: median(ratios),
        cpuPerThousand: cpu.length > 0 ? median(cpu) : null,
        answers: await askQuestions(fairdrop.url),
      });
      say(render(sizes));
    }
    await database.end();
    await stage.range.verify();
    say(writeJson('growth.json', { ...circumstances(stage), flags, sizes }));
    say(writeResult('growth.svg', plot(sizes)));
  });
}

function render(sizes: readonly Size[]): string {
  const questions = Object.keys(sizes[0]?.answers ?? {});
  const column = (pick: (size: Size) => string) => sizes.map(pick);
  return renderTable([
    ['', ...column(({ events }) => events.toLocaleString('en-US'))],
    ['database MB', ...column(({ databaseMb }) => databaseMb.toFixed(0))],
    ['DMs/s / bare loop', ...column(({ dmsRatio }) => dmsRatio.toFixed(2))],
    ['CPU-s per 1,000 comments', ...column(({ cpuPerThousand }) => cpuPerThousand?.toFixed(2) ?? '')],
    ['ack p99 ms', ...column(({ runs }) => median(runs.map((run) => run.ackMs.p99)).toFixed(0))],
    ...questions.map((name) => [
      `${name}, p50 / p99 ms`,
      ...column(({ answers }) => {
        const answer = answers[name];
        return answer ? `${answer.p50.toFixed(0)} / ${answer.p99.toFixed(0)}` : '';
      }),
    ]),
  ]);
}

function plot(sizes: readonly Size[]): string {
  const largest = Math.max(1, ...sizes.map(({ events }) => events));
  const ticks = sizes.map(({ events }) => events);
  const x: Axis = { label: 'events in the database', from: 0, to: largest, ticks, format: short };
  const at = (pick: (size: Size) => number): Point[] =>
    sizes.map((size) => ({ x: size.events, y: Math.max(1, pick(size)) }));
  const questions = Object.keys(sizes[0]?.answers ?? {});
  return lineChart(
    'As the database grows',
    x,
    { label: 'milliseconds', from: 1, to: 10_000, ticks: [1, 10, 50, 100, 1_000, 10_000], logarithmic: true },
    [
      {
        name: 'acknowledgement, p50 at full load',
        points: at(({ runs }) => median(runs.map((r) => r.ackMs.p50))),
      },
      ...questions.slice(0, 5).map((name) => ({
        name: `${name}, p99`,
        points: at(({ answers }) => answers[name]?.p99 ?? 1),
      })),
    ].concat(
      questions.includes('stats')
        ? [{ name: 'stats, p99', points: at(({ answers }) => answers.stats?.p99 ?? 1) }]
        : [],
    ),
  );
}

const short = (value: number) =>
  value >= 1e6 ? `${value / 1e6} M` : value >= 1e3 ? `${value / 1e3} k` : `${value}`;
