import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml';
import { phraseFor } from '../../zod-phrases.ts';
import { type TriggersFile, triggersFile } from './schema.ts';

/** Where in a file something is: names of fields, and places in lists. */
export type FilePath = readonly PropertyKey[];

/** What is wrong with a file, for whoever wrote it. */
export interface FileProblem {
  /** From 1. */
  line: number;
  /** `triggers[0].keywords`; empty for the file as a whole. */
  field: string;
  /** A phrase that follows the field's name. */
  message: string;
}

export interface ReadTriggersFile {
  file: TriggersFile;
  problemAt(path: FilePath, message: string): FileProblem;
}

/** The most that anybody would read. */
const maxProblems = 50;

/** Thrown for everything that only another file would mend. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';
  readonly problems: readonly FileProblem[];
  /** How many there are beside these. */
  readonly more: number;

  constructor(problems: readonly FileProblem[]) {
    super(`refused for ${problems.length} reasons`);
    this.problems = problems.slice(0, maxProblems);
    this.more = problems.length - this.problems.length;
  }
}

/** @param before the line's number: the name of the file, and a colon */
export function describeFileProblem({ line, field, message }: FileProblem, before: string): string {
  const joint = field === '' ? '' : /^\p{Ll}/u.test(message) ? ' ' : ': ';
  return `${before}${line}: ${field}${joint}${message}`;
}

export const maxFileBytes = 1024 * 1024;

/** @throws FileRefused */
export function readTriggersFile(text: string): ReadTriggersFile {
  if (Buffer.byteLength(text) > maxFileBytes) {
    throw new FileRefused([{ line: 1, field: '', message: `has more than ${maxFileBytes} bytes` }]);
  }
  const lines = new LineCounter();
  const { document, value } = parse(text, lines);
  const problemAt = (path: FilePath, message: string): FileProblem => ({
    line: lines.linePos(offsetOf(document, path)).line || 1,
    field: fieldOf(path),
    message,
  });
  const read = triggersFile.safeParse(value, { error: phraseFor });
  if (read.success) return { file: read.data, problemAt };
  throw new FileRefused(
    read.error.issues.flatMap((issue) => {
      if (issue.code === 'unrecognized_keys') {
        return issue.keys.map((key) => problemAt([...issue.path, key], 'is not known here'));
      }
      return [problemAt(issue.path, phraseOf(issue.message, value, issue.path))];
    }),
  );
}

function parse(text: string, lines: LineCounter): { document: Document; value: unknown } {
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
    // A warning is about something that would be read as something else than was meant.
    const faults = [...document.errors, ...document.warnings];
    if (faults.length > 0) {
      throw new FileRefused(
        faults.map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, field: '', message })),
      );
    }
    return { document, value: document.toJS() };
  } catch (error) {
    if (error instanceof FileRefused) throw error;
    // Aliases without end, nesting without end.
    throw new FileRefused([{ line: 1, field: '', message: `cannot be read: ${(error as Error).message}` }]);
  }
}

/** A number where text belongs has lost its zeros, or its last digits, before anybody could look at it. */
function phraseOf(message: string, value: unknown, path: FilePath): string {
  const given = path.reduce<unknown>(
    (at, part) => (at as Record<PropertyKey, unknown> | null)?.[part],
    value,
  );
  const isUnquoted = typeof given === 'number' || typeof given === 'boolean';
  return isUnquoted && message === 'must be a string' ? 'must be a string: put it in quotes' : message;
}

/** Of the nearest thing that is there: what is missing has no place of its own. */
function offsetOf(document: Document, path: FilePath): number {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (!pair) return offset;
      offset = startOf(pair.key) || offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = startOf(node) || offset;
    } else break;
  }
  return offset;
}

function startOf(node: unknown): number {
  return (isNode(node) && (node as Node).range?.[0]) || 0;
}

function fieldOf(path: FilePath): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`))
    .join('');
}
