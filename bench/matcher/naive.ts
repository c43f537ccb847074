/**
 * How one would do it at first: a regular expression for each keyword, one after the other. In a process of its own,
 * because V8 makes machine code of each, and its room for that ends before 100,000: there they are interpreted.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { rateOf } from './rate.ts';
import { commentsFor, keywordOf } from './triggers.ts';

export interface NaiveResult {
  perSecond: number[];
  /** The first trigger for each of the first comments. */
  found: Array<number | null>;
}

const maxCompiled = 10_000;

/** @param checked how many comments’ results are given */
export function runNaively(triggers: number, checked: number): NaiveResult {
  const flags = triggers > maxCompiled ? ['--regexp-interpret-all'] : [];
  const args = [...flags, fileURLToPath(import.meta.url), String(triggers), String(checked)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 24 }));
}

function measure(triggers: number, checked: number): NaiveResult {
  // The keywords of the bench are plain letters and spaces.
  const patterns = Array.from(
    { length: triggers },
    (_, index) => new RegExp(`\\b${keywordOf(index)}\\b`, 'i'),
  );
  const match = (text: string) => patterns.findIndex((pattern) => pattern.test(text));
  const texts = commentsFor(triggers);
  const found = texts.slice(0, checked).map((text) => match(text));
  return {
    perSecond: [1, 2, 3].map(() => rateOf(match, texts)),
    found: found.map((index) => (index === -1 ? null : index)),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(measure(Number(process.argv[2]), Number(process.argv[3]))));
}
