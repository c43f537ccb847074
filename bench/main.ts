/** `npm run bench`: how fast, against what, and is it right? */
import { Command, InvalidArgumentError } from 'commander';
import { compare } from './compare.ts';
import { goals, holds } from './goals.ts';
import { plotComparison } from './report/plots.ts';
import { circumstances, writeJson } from './report/results.ts';
import { renderGoals, renderRuns } from './report/table.ts';
import { RedisMissing } from './servers/redis.ts';
import { fullSettings, quickSettings, type Settings } from './settings.ts';
import { withStage } from './stage.ts';

const say = (line: string) => console.log(line);

function count(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('a whole number, please');
  return Number(value);
}

const program = new Command('bench').description(
  'Measures Fairdrop against the bare minimum, on its own PostgreSQL and Redis',
);

program
  .option('--quick', 'a smoke of less than a minute: fails where a generous floor is broken', false)
  .option('--rounds <n>', 'how often everything is repeated', count)
  .option('--log-level <level>', 'how much Fairdrop logs', fullSettings.logLevel)
  .action(async ({ quick, rounds, logLevel }: { quick: boolean; rounds?: number; logLevel: string }) => {
    const base = quick ? quickSettings : fullSettings;
    await runComparison({ ...base, logLevel, rounds: rounds ?? base.rounds }, quick);
  });

program
  .command('profile')
  .description('where the CPU goes at full load, and how many statements a DM takes')
  .option('--comments <n>', 'how many are posted while it is recorded', count, 15_000)
  .option('--matching-every <n>', '1: all of them match; 10: every tenth', count, 1)
  .option('--latency-ms <n>', 'what the platform takes to answer', count, 0)
  .action(async (flags) => (await import('./profile.ts')).profile(flags, say));

program
  .command('growth')
  .description('what a comment costs, and how long questions take, as the database grows')
  .option(
    '--sizes <n,n,…>',
    'events in the database',
    (text) => text.split(',').map(count),
    [0, 100_000, 500_000],
  )
  .option('--comments <n>', 'how many are posted at each size', count, 8_000)
  .action(async (flags) => (await import('./growth.ts')).growth(flags, say));

program
  .command('soak')
  .description('memory over time')
  .option('--minutes <n>', 'how long', count, 30)
  .option('--per-second <n>', 'comments', count, 500)
  .action(async (flags) => (await import('./soak.ts')).soak(flags, say));

program
  .command('matcher')
  .description('comments per second on one core by the number of triggers, and what the worst comment takes')
  .option(
    '--triggers <n,n,…>',
    'how many there are',
    (text) => text.split(',').map(count),
    [10, 1_000, 100_000],
  )
  .action(async (flags) => (await import('./matcher.ts')).matcher(flags, say));

async function runComparison(settings: Settings, quick: boolean): Promise<void> {
  const startedMs = Date.now();
  await withStage({}, async (stage) => {
    const around = circumstances(stage);
    const comparison = await compare(stage, settings, say);
    say(`\n${renderRuns(comparison)}\n\n${renderGoals(comparison)}\n`);
    if (quick) return complainBelowFloors(comparison.figures);
    const report = { ...around, settings, ...comparison };
    say(`${writeJson('latest.json', report)}\n${plotComparison(report).join('\n')}`);
  });
  say(`every DM arrived, and arrived once; ${Math.round((Date.now() - startedMs) / 1_000)} s`);
}

function complainBelowFloors(figures: Parameters<(typeof goals)[number]['value']>[0]): void {
  for (const goal of goals) {
    const value = goal.value(figures);
    if (holds(goal, value, goal.floor) !== false) continue;
    process.exitCode = 1;
    say(`FLOOR BROKEN: ${goal.name} is ${value?.toFixed(2)} ${goal.unit}, ${goal.bound} ${goal.floor}`);
  }
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof RedisMissing)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
