/**
 * `{Hi|Hey|Hello}` in a template: one of the options is drawn for each message, so that no two readers need get the same
 * words. Options may hold others, and Liquid: `{Hi {{ contact.username }}|Hey}`. Braces without a `|` between them are
 * braces.
 */

/** Text as it stands, or options to draw from. */
type Part = string | Option[];
type Option = Part[];

export interface Spintax {
  /** How many options there are, in all groups together. */
  options: number;
  /** A list of options begins and never ends: it is text. */
  isUnclosed: boolean;
  /** @param random in [0, 1), drawn from once for each group on the way @returns the template with its options drawn */
  draw(random: () => number): string;
  /**
   * Templates in which, taken together, every option occurs; the first has the longest option everywhere.
   * @param lengthOf the length of a piece once it is written out; of those as long as each other the first counts
   */
  extremes(lengthOf: (piece: string) => number): string[];
}

/** @returns null for a template without options, as most are */
export function parseSpintax(template: string): Spintax | null {
  if (!template.includes('|') || !template.includes('{')) return null;
  const { parts, isUnclosed } = readParts(template);
  const options = countOptions(parts);
  if (options === 0 && !isUnclosed) return null;
  return {
    options,
    isUnclosed,
    draw: (random) => drawFrom(parts, random),
    extremes(lengthOf) {
      const rounds = Array.from({ length: countRounds(parts) }, (_, round) => writeRound(parts, round));
      return [...new Set([writeLongest(parts, lengthOf), ...rounds])];
    },
  };
}

function countOptions(parts: readonly Part[]): number {
  return sum(groupsOf(parts).flatMap((group) => group.map((option) => 1 + countOptions(option))));
}

function drawFrom(parts: readonly Part[], random: () => number): string {
  return write(parts, (group) => drawFrom(group[Math.floor(random() * group.length)] as Option, random));
}

function writeLongest(parts: readonly Part[], lengthOf: (piece: string) => number): string {
  return write(parts, (group) => {
    const written = group.map((option) => writeLongest(option, lengthOf));
    const lengths = written.map(lengthOf);
    return written[lengths.indexOf(Math.max(...lengths))] as string;
  });
}

/** How many rounds it takes until every option had its turn: groups beside each other take theirs at the same time. */
function countRounds(parts: readonly Part[]): number {
  return Math.max(1, ...groupsOf(parts).map((group) => sum(group.map(countRounds))));
}

function writeRound(parts: readonly Part[], round: number): string {
  return write(parts, (group) => {
    let left = round;
    for (const option of group) {
      const rounds = countRounds(option);
      if (left < rounds) return writeRound(option, left);
      left -= rounds;
    }
    return writeRound(group.at(-1) as Option, 0);
  });
}

function write(parts: readonly Part[], choose: (group: Option[]) => string): string {
  return parts.map((part) => (typeof part === 'string' ? part : choose(part))).join('');
}

const groupsOf = (parts: readonly Part[]) => parts.filter((part) => typeof part !== 'string');
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

interface OpenGroup {
  options: Option[];
  /** What was read before it. */
  outer: Part[];
}

/** One pass, without recursion: how deep groups may be is only a question of length. */
function readParts(template: string): { parts: Part[]; isUnclosed: boolean } {
  const open: OpenGroup[] = [];
  let parts: Part[] = [];
  let from = 0;
  let at = 0;

  function takeText(upTo: number): void {
    if (upTo > from) parts.push(template.slice(from, upTo));
    from = upTo + 1;
  }

  while (at < template.length) {
    const code = endOfCode(template, at);
    if (code > at) {
      at = code;
      continue;
    }
    const char = template[at];
    if (char === '{') {
      takeText(at);
      open.push({ options: [], outer: parts });
      parts = [];
    } else if (char === '|' && open.length > 0) {
      takeText(at);
      (open.at(-1) as OpenGroup).options.push(parts);
      parts = [];
    } else if (char === '}' && open.length > 0) {
      takeText(at);
      const { options, outer } = open.pop() as OpenGroup;
      // Without a choice they were braces.
      if (options.length === 0) outer.push('{', ...parts, '}');
      else outer.push([...options, parts]);
      parts = outer;
    }
    at += 1;
  }
  takeText(template.length);
  const isUnclosed = open.some(({ options }) => options.length > 0);
  // What was never closed was text.
  while (open.length > 0) {
    const { options, outer } = open.pop() as OpenGroup;
    parts = [...outer, '{', ...options.flatMap((option) => [...option, '|']), ...parts];
  }
  return { parts, isUnclosed };
}

/** @returns where the Liquid that begins here ends, or `at` where none does; what never ends goes to the end */
function endOfCode(template: string, at: number): number {
  if (template[at] !== '{') return at;
  const closing = template[at + 1] === '{' ? '}}' : template[at + 1] === '%' ? '%}' : null;
  if (closing === null) return at;
  const end = template.indexOf(closing, at + 2);
  return end < 0 ? template.length : end + closing.length;
}
