/** How many comments one core matches, against how many triggers, and what the worst comment takes. */
import { compileTriggers, type TriggerSet } from '../src/triggers/matcher.ts';
import type { MatchRules } from '../src/triggers/modes.ts';
import { measureHostile } from './matcher/hostile.ts';
import { compileNaively } from './matcher/naive.ts';
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
const roundMs = 250;
const comments = 4_000;

/** Comments per second of one round. */
function rate(match: (text: string) => unknown, texts: readonly string[], forMs: number): number {
  const begun = performance.now();
  let done = 0;
  let elapsed = 0;
  for (; elapsed < forMs; elapsed = performance.now() - begun) {
    // The clock is asked rarely, but for a matcher that takes long.
    const batch = Math.min(texts.length, done < 10 ? 1 : 100);
    for (let index = 0; index < batch; index += 1) match(texts[(done + index) % texts.length] as string);
    done += batch;
  }
  return (done / elapsed) * 1_000;
}

function matchWith(set: TriggerSet): (text: string) => string | null {
  return (text) => {
    const result = set.match({ text, isReply: false, mediaId: null });
    return result.matched ? result.trigger.id : null;
  };
}

function measureSizes(sizes: readonly number[], say: (line: string) => void): MatcherSize[] {
  const subjects = sizes.map((size) => {
    const triggers = Array.from({ length: size }, (_, index) => triggerOf(index));
    const begun = performance.now();
    const set = compileTriggers(triggers);
    const compileMs = performance.now() - begun;
    const texts = commentsFor(size, comments);
    const match = matchWith(set);
    const naive = compileNaively(triggers);
    const compared = texts.slice(0, Math.max(50, Math.min(comments, Math.floor(1_000_000 / size))));
    for (const text of compared) {
      if (match(text) === naive(text)) continue;
      throw new Error(`at ${size} triggers “${text}” gives ${match(text)}, and naively ${naive(text)}`);
    }
    const matching = texts.filter((text) => match(text) !== null).length;
    say(`${size} triggers: agreed on ${compared.length} comments; ${matching} of ${comments} match`);
    // Now, because for very many regular expressions V8 is told to interpret them all from here on.
    const naiveRates = [1, 2, 3].map(() => rate(naive, texts, roundMs));
    return { size, compileMs, texts, match, rates: [] as number[], naiveRates };
  });
  for (const { match, texts } of subjects) rate(match, texts, roundMs);
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of subjects) {
      subject.rates.push(rate(subject.match, subject.texts, roundMs));
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

const modes: Array<[name: string, rules: Partial<MatchRules>]> = [
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
  const texts = commentsFor(size, comments);
  const subjects = modes.map(([name, rules]) => {
    const triggers = Array.from({ length: size }, (_, index) =>
      triggerOf(index, { ...rules, ...(rules.mode === 'all' && { keywords: keywordOf(index).split(' ') }) }),
    );
    return { name, match: matchWith(compileTriggers(triggers)), rates: [] as number[] };
  });
  for (let round = 0; round < 5; round += 1) {
    for (const { match, rates } of subjects) rates.push(rate(match, texts, 150));
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
  say(writeJson('matcher.json', { ...around, comments, sizes, byMode, hostile }));
  say(writeResult('matcher.svg', plotMatcher(sizes, around.date)));
}
