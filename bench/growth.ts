/**
 * Does a comment cost more when there have been many? One database that is filled up step by step, and beside it one that
 * stays empty: they are asked in turn, so that what a noisy machine does to one it does to the other.
 */
import type pg from 'pg';
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

const roundsPerSize = 6;

/** Questions are asked while comments come in as well: some of them a second. */
const meanwhilePerSecond = 100;
const meanwhileComments = 2_000;

export interface Size {
  events: number;
  rows: Record<string, number>;
  databaseMb: number;
  runs: Run[];
  /** Of the database that stayed empty, in the same rounds. */
  emptyRuns: Run[];
  cpuPerThousand: number | null;
  /** CPU for a comment, as a multiple of what it is in the empty database: the median of the rounds' own ratios. */
  cpuRatio: number | null;
  answers: Record<string, AnswerTime>;
  /** The same while comments come in. */
  answersMeanwhile: Record<string, AnswerTime>;
}

export async function growth(
  flags: { sizes: number[]; comments: number },
  say: (line: string) => void,
): Promise<void> {
  const { connections, logLevel, warmUp } = fullSettings;
  const plan = { count: flags.comments, matchingEvery: 1, load: { connections } };
  await withStage({}, async (stage) => {
    const fairdrop = await stage.fairdrop({ name: 'Fairdrop', queue: 'redis', logLevel });
    const empty = await stage.fairdrop({ name: 'Fairdrop, empty', queue: 'redis', logLevel });
    for (const subject of [fairdrop, empty, fairdrop, empty]) {
      await stage.range.run(subject, { ...plan, count: warmUp });
    }
    const database = await stage.postgres.superuser(new URL(fairdrop.databaseUrl).pathname.slice(1));
    const sizes: Size[] = [];
    let filled = 0;
    for (const events of flags.sizes.toSorted((a, b) => a - b)) {
      say(`${events.toLocaleString('en-US')} events: filling`);
      const startedMs = performance.now();
      await prefill(database, filled, events);
      filled = Math.max(filled, events);
      say(`filled after ${Math.round((performance.now() - startedMs) / 1_000)} s`);
      const runs: Run[] = [];
      const emptyRuns: Run[] = [];
      for (let round = 0; round < roundsPerSize; round += 1) {
        // There and back again, so that neither always comes first.
        const order = round % 2 === 0 ? [fairdrop, empty] : [empty, fairdrop];
        for (const subject of order) {
          (subject === fairdrop ? runs : emptyRuns).push(await stage.range.run(subject, plan));
        }
      }
      const answers = await askQuestions(fairdrop.url);
      const [answersMeanwhile] = await Promise.all([
        askQuestions(fairdrop.url),
        stage.range.run(fairdrop, {
          ...plan,
          count: meanwhileComments,
          load: { perSecond: meanwhilePerSecond },
        }),
      ]);
      const ratios = runs.map((run, round) => ratioOf(run, emptyRuns[round]));
      sizes.push({
        events,
        rows: await countRows(database),
        databaseMb: await sizeMb(database),
        runs,
        emptyRuns,
        cpuPerThousand: medianOf(runs.map(cpuPerThousand)),
        cpuRatio: medianOf(ratios),
        answers,
        answersMeanwhile,
      });
      say(render(sizes));
      // What is known by now is not lost should a larger size fail.
      say(writeJson('growth.json', { ...circumstances(stage), flags, sizes }));
      say(writeResult('growth.svg', plot(sizes)));
    }
    await database.end();
    await stage.range.verify();
  });
}

function ratioOf(run: Run, other: Run | undefined): number | null {
  const [cpu, otherCpu] = [cpuPerThousand(run), other ? cpuPerThousand(other) : null];
  return cpu !== null && otherCpu !== null ? cpu / otherCpu : null;
}

function medianOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? median(known) : null;
}

async function sizeMb(database: pg.Client): Promise<number> {
  const { rows } = await database.query(
    'select pg_database_size(current_database())::float8 / 1048576 as mb',
  );
  return rows[0].mb;
}

async function countRows(database: pg.Client): Promise<Record<string, number>> {
  const { rows } = await database.query<{ counts: Record<string, number> }>(
    `select json_build_object(
       'events', (select count(*) from events),
       'contacts', (select count(*) from contacts),
       'deliveries', (select count(*) from deliveries),
       'messages that wait', (select count(*) from messages where state = 'queued'),
       'ledger entries', (select count(*) from ledger_entries)) as counts`,
  );
  return rows[0]?.counts ?? {};
}

function render(sizes: readonly Size[]): string {
  const questions = Object.keys(sizes[0]?.answers ?? {});
  const column = (pick: (size: Size) => string) => sizes.map(pick);
  return renderTable([
    ['', ...column(({ events }) => events.toLocaleString('en-US'))],
    ['database MB', ...column(({ databaseMb }) => databaseMb.toFixed(0))],
    ['CPU-s per 1,000 comments', ...column(({ cpuPerThousand }) => cpuPerThousand?.toFixed(2) ?? '')],
    ['… / in the empty database', ...column(({ cpuRatio }) => cpuRatio?.toFixed(2) ?? '')],
    ['ack p99 ms', ...column(({ runs }) => median(runs.map((run) => run.ackMs.p99)).toFixed(0))],
    ...questions.map((name) => [
      `${name}, p50 / p99 ms alone | meanwhile`,
      ...column(({ answers, answersMeanwhile }) =>
        [answers[name], answersMeanwhile[name]]
          .map((answer) => (answer ? `${answer.p50.toFixed(0)} / ${answer.p99.toFixed(0)}` : ''))
          .join('  |  '),
      ),
    ]),
  ]);
}

/** Of the questions, those that fit into a picture. */
const plotted = [
  'stats',
  'explain an event',
  'events',
  'events of a reason that never was',
  'deliveries that wait',
];

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
      ...plotted
        .filter((name) => questions.includes(name))
        .map((name) => ({
          name: `${name}, p99`,
          points: at(({ answers }) => answers[name]?.p99 ?? 1),
        })),
    ],
  );
}

const short = (value: number) =>
  value >= 1e6 ? `${value / 1e6} M` : value >= 1e3 ? `${value / 1e3} k` : `${value}`;
