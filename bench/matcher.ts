/** How many comments one core matches, against how many triggers, and what the worst comment takes. */
import { compileTriggers, type MatchableTrigger, type TriggerSet } from '../src/triggers/matcher.ts';
import { measureHostile } from './matcher/hostile.ts';
import { runNaively } from './matcher/naive.ts';
import { rateOf } from './matcher/rate.ts';
import { commentsFor, keywordOf, triggerOf } from './matcher/triggers.ts';
import { median } from './measure/statistics.ts';
import { plotMatcher } from './report/plots.ts';
import { machineCircumstances, writeJson, writeResult } from './report/results.ts';
import { renderTable } from './report/table.ts';

export interface MatcherSize {
  triggers: number;
  compileMs: number;
  perSecond: number;
  naivePerSecond: number;
  /** Against the fewest triggers, formed round by round. */
  costRatio: number;
}

const rounds = 7;

function matchWith(set: TriggerSet): (text: string) => string | null {
  return (text) => {
    const result = set.match({ text, isReply: false, mediaId: null, door: 'comment', at: new Date(0) });
    return result.matched ? result.trigger.id : null;
  };
}

function measureSizes(sizes: readonly number[], say: (line: string) => void): MatcherSize[] {
  const subjects = sizes.map((size) => {
    const triggers = Array.from({ length: size }, (_, index) => triggerOf(index));
    const begun = performance.now();
    const set = compileTriggers(triggers);
    const compileMs = performance.now() - begun;
    const texts = commentsFor(size);
    const match = matchWith(set);
    const naive = runNaively(size, Math.max(100, Math.min(texts.length, Math.floor(1_000_000 / size))));
    for (const [at, index] of naive.found.entries()) {
      const [ours, theirs] = [match(texts[at] as string), index === null ? null : triggers[index]?.id];
      if (ours !== theirs) throw new Error(`“${texts[at]}” gives ${ours}, and naively ${theirs}`);
    }
    say(`${size.toLocaleString('en-US')} triggers: both agree on ${naive.found.length} comments`);
    return { size, compileMs, texts, match, rates: [] as number[], naiveRates: naive.perSecond };
  });
  for (const { match, texts } of subjects) rateOf(match, texts, 500);
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of subjects) {
      subject.rates.push(rateOf(subject.match, subject.texts));
    }
  }
  const [first] = subjects;
  return subjects.map(({ size, compileMs, rates, naiveRates }) => ({
    triggers: size,
    compileMs,
    perSecond: median(rates),
    naivePerSecond: median(naiveRates),
    costRatio: median(rates.map((each, round) => (first?.rates[round] ?? Number.NaN) / each)),
  }));
}

const modes: Array<[name: string, rules: Partial<MatchableTrigger['definition']>]> = [
  ['word', {}],
  ['word, refusals count too', { skipRefusals: false }],
  ['word, with slips', { typos: true }],
  ['phrase', { mode: 'phrase' }],
  ['exact', { mode: 'exact' }],
  ['all', { mode: 'all' }],
  ['contains', { mode: 'contains' }],
  ['word, with an excluded word', { exclude: ['spam'] }],
];

function measureModes(): Array<{ name: string; perSecond: number }> {
  const size = 1_000;
  const texts = commentsFor(size);
  const subjects = modes.map(([name, rules]) => {
    const triggers = Array.from({ length: size }, (_, index) =>
      triggerOf(index, { ...rules, ...(rules.mode === 'all' && { keywords: keywordOf(index).split(' ') }) }),
    );
    return { name, match: matchWith(compileTriggers(triggers)), rates: [] as number[] };
  });
  for (let round = 0; round < 5; round += 1) {
    for (const { match, rates } of subjects) rates.push(rateOf(match, texts, 150));
  }
  return subjects.map(({ name, rates }) => ({ name, perSecond: median(rates) }));
}

const whole = (value: number) => Math.round(value).toLocaleString('en-US');

export function matcher(flags: { triggers: number[] }, say: (line: string) => void): void {
  const around = machineCircumstances();
  const sizes = measureSizes(flags.triggers, say);
  const byMode = measureModes();
  const hostile = measureHostile();
  say(
    `\n${renderTable([
      ['triggers', 'comments/s', 'cost', 'naive/s', 'times faster', 'compiled in ms'],
      ...sizes.map((size) => [
        whole(size.triggers),
        whole(size.perSecond),
        `${size.costRatio.toFixed(2)} ×`,
        size.naivePerSecond < 100 ? size.naivePerSecond.toFixed(1) : whole(size.naivePerSecond),
        whole(size.perSecond / size.naivePerSecond),
        size.compileMs.toFixed(1),
      ]),
    ])}\n`,
  );
  say(
    `${renderTable([['1,000 triggers', 'comments/s'], ...byMode.map((mode) => [mode.name, whole(mode.perSecond)])])}\n`,
  );
  say(
    `${renderTable([
      ['a hostile comment of 100 KB', 'ms', 'growth from 10 KB'],
      ...hostile.map(({ name, ms, growth }) => [name, ms.toFixed(2), `${growth.toFixed(1)} ×`]),
    ])}\n`,
  );
  say(writeJson('matcher.json', { ...around, sizes, byMode, hostile }));
  say(writeResult('matcher.svg', plotMatcher(sizes, around.date)));
}
