import { glyphOf } from './fold.ts';
import { word } from './reading.ts';
import { type RefusalLanguage, type RefusalWords, refusalLanguages, refusalWords } from './refusal-words.ts';
import { Vocabulary } from './vocabulary.ts';
import { Reader } from './words.ts';

const roles = {
  not: 1,
  no: 2,
  ask: 4,
  filler: 8,
  turns: 16,
  why: 32,
  past: 64,
  but: 128,
  plea: 256,
  need: 512,
  tail: 1024,
  urges: 2048,
  lacks: 4096,
} as const satisfies Record<keyof Omit<RefusalWords, 'after'>, number>;

interface Language {
  /** What a word may be in it. */
  roles: ReadonlyMap<number, number>;
  /** Words in a row that refuse what stands before them. */
  after: readonly number[][];
}

const vocabulary = new Vocabulary();
const languages = new Map<RefusalLanguage, Language>();
for (const language of refusalLanguages) {
  const { after, ...words } = refusalWords[language];
  const idsOf = (list: string) =>
    list
      .split(' ')
      .filter(Boolean)
      .map((each) => vocabulary.intern(each));
  const byWord = new Map<number, number>();
  for (const [role, list] of Object.entries(words) as Array<[keyof typeof roles, string]>) {
    for (const id of idsOf(list)) byWord.set(id, (byWord.get(id) ?? 0) | roles[role]);
  }
  languages.set(language, { roles: byWord, after: after.split(',').map(idsOf) });
}
/** Without any of these nothing is refused: nearly every comment is done with here. */
const refusing = new Set<number>();
const refusingNext = new Set<number>();
for (const { roles: known, after } of languages.values()) {
  for (const [id, role] of known) if ((role & (roles.not | roles.no)) !== 0) refusing.add(id);
  for (const [first] of after) refusingNext.add(first!);
}

/** A text without any of these refuses nothing. */
export const refusingWords: readonly string[] = [...new Set([...refusing, ...refusingNext])].map((id) =>
  vocabulary.textOf(id),
);

const reader = new Reader({ vocabulary, isNested: true });

/** Within so many characters people say that they do not want it. */
const reach = 120;
/** And so many further on they say that they did not: guide? No thanks. */
const nextReach = 40;
/** Between “don’t want” and the keyword: the whole stupid free guide. */
const maxBetween = 5;

const question = /[?？¿]/;
/** Does not end a thought: white space, hyphens, quotation marks, apostrophes, and what marks words up. */
const joins = /[\s\-_'’‘`´"“”„«»*~/‐‑]/;

function endsThought(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  if ((unit >= 0x61 && unit <= 0x7a) || unit === 0x20) return false;
  if (joins.test(text[at]!)) return text[at] === '\n';
  if (unit >= 0xdc00 && unit <= 0xdfff) return false;
  const { kind } = glyphOf(text.codePointAt(at)!);
  return kind === 'separator' || kind === 'symbol' || kind === 'flag' || kind === 'sign';
}

/** What is said around a place, up to where another thought begins. */
interface Thought {
  before: number[];
  after: number[];
  /** What comes next, whether or not it is another thought. */
  behind: number[];
  /** Ends with a question mark. */
  isQuestion: boolean;
}

function wordsOf(text: string): number[] {
  const { kinds, ids, count } = reader.read(text);
  const words: number[] = [];
  for (let at = 0; at < count; at += 1) if (kinds[at] === word) words.push(ids[at]!);
  return words;
}

function thoughtAround(text: string, start: number, end: number): Thought {
  let from = start;
  while (from > 0 && start - from < reach && !endsThought(text, from - 1)) from -= 1;
  let to = end;
  while (to < text.length && to - end < reach && !endsThought(text, to)) to += 1;
  const thought: Thought = {
    before: [],
    after: [],
    behind: [],
    isQuestion: question.test(text.slice(to, to + 6)),
  };
  const { kinds, ids, starts, ends, count } = reader.read(text.slice(from, Math.max(to, end + nextReach)));
  for (let at = 0; at < count; at += 1) {
    if (kinds[at] !== word) continue;
    if (ends[at]! + from <= start) thought.before.push(ids[at]!);
    else if (starts[at]! + from >= end) {
      thought.behind.push(ids[at]!);
      if (starts[at]! + from < to) thought.after.push(ids[at]!);
    }
  }
  return thought;
}

/**
 * Whether a comment refuses the keyword that stands in it at `[start, end)`: “please don’t send me the guide”. It knows
 * how six languages put that, word by word, and where it is in doubt it takes the comment for a wish: somebody who gets
 * what they did not ask for is annoyed once, somebody who is not answered is lost.
 * @param language the only one that counts; null for all
 */
export function refuses(text: string, start: number, end: number, language: RefusalLanguage | null): boolean {
  if (end - start === text.length) return false;
  const thought = thoughtAround(text, start, end);
  const [next] = thought.behind;
  const mayRefuse =
    (next !== undefined && refusingNext.has(next)) ||
    thought.before.some((id) => refusing.has(id)) ||
    thought.after.some((id) => refusing.has(id));
  if (!mayRefuse) return false;
  return (language === null ? refusalLanguages : [language]).some((each) => {
    const { roles: known, after } = languages.get(each)!;
    if (after.some((words) => words.every((id, index) => thought.behind[index] === id))) return true;
    return new Sentence(thought, known).isRefused();
  });
}

/** A comment has fewer. */
const maxThoughts = 500;
const thoughts = /[^.!?。！？…\n,;:]+[.!?。！？…]*/g;

/** Whether a comment asks not to be answered at all: please don’t message me. */
export function refusesAll(text: string, language: RefusalLanguage | null): boolean {
  let count = 0;
  for (const [thought] of text.matchAll(thoughts)) {
    count += 1;
    if (count > maxThoughts) break;
    if (question.test(thought)) continue;
    const words = wordsOf(thought.slice(0, reach));
    if (!words.some((id) => refusing.has(id))) continue;
    const refused = (language === null ? refusalLanguages : [language]).some((each) => {
      const known = languages.get(each)!.roles;
      return new Sentence(
        { before: words, after: [], behind: [], isQuestion: false },
        known,
      ).refusesToBeAsked();
    });
    if (refused) return true;
  }
  return false;
}

class Sentence {
  readonly #before: readonly number[];
  readonly #after: readonly number[];
  readonly #isQuestion: boolean;
  readonly #roles: ReadonlyMap<number, number>;

  constructor({ before, after, isQuestion }: Thought, known: ReadonlyMap<number, number>) {
    this.#roles = known;
    const but = before.findLastIndex((id) => this.#is(id, roles.but) && !this.#is(id, roles.filler));
    this.#before = before.slice(but + 1);
    this.#after = after;
    this.#isQuestion = isQuestion;
  }

  isRefused(): boolean {
    const words = this.#before;
    if (words.some((id) => this.#is(id, roles.why))) return false;
    const isPlea = words.some((id) => this.#is(id, roles.plea));
    if (this.#isQuestion && !isPlea) return false;
    // Ich will nicht länger auf den Guide warten.
    if (this.#after.slice(0, 2).some((id) => this.#is(id, roles.turns))) return false;
    for (let at = 0; at < words.length; at += 1) {
      if (!this.#is(words[at]!, roles.not | roles.no)) continue;
      if (this.#isUrged(at)) continue;
      if (this.#isAskedFor(at) || (!this.#isQuestion && this.#isRefusedItself(at))) return true;
    }
    return !this.#isQuestion && this.#isRefusedBehind();
  }

  /** don’t · message · me, with nothing else behind it */
  refusesToBeAsked(): boolean {
    const words = this.#before;
    if (words.some((id) => this.#is(id, roles.why))) return false;
    return words.some((id, at) => {
      if (!this.#is(id, roles.not | roles.no) || this.#isUrged(at)) return false;
      const verb = this.#skipFillers(at + 1);
      if (verb >= words.length || !this.#is(words[verb]!, roles.ask) || this.#isTold(at)) return false;
      return this.#areFillers(words.slice(verb + 1));
    });
  }

  #is(id: number, role: number): boolean {
    return ((this.#roles.get(id) ?? 0) & role) !== 0;
  }

  /** N’oublie pas de m’envoyer le guide. Zögere nicht mir den Guide zu schicken. */
  #isUrged(not: number): boolean {
    return not > 0 && this.#is(this.#before[not - 1]!, roles.urges);
  }

  #areFillers(list: readonly number[]): boolean {
    return list.every((id) => this.#is(id, roles.filler));
  }

  #skipFillers(from: number): number {
    const words = this.#before;
    let at = from;
    while (at < words.length && this.#is(words[at]!, roles.filler) && !this.#is(words[at]!, roles.ask))
      at += 1;
    return at;
  }

  /** From a verb or a “not” to the keyword it is near enough, and nothing turns it round. */
  #reaches(from: number): boolean {
    const rest = this.#before.slice(from);
    return rest.length <= maxBetween && !rest.some((id) => this.#is(id, roles.turns));
  }

  /** Tells of what happened, or of somebody else: you never send it, ich habe ihn nicht. */
  #isTold(until: number): boolean {
    return this.#before
      .slice(0, until)
      .some((id) => this.#is(id, roles.past) && !this.#is(id, roles.filler | roles.plea));
  }

  /** don’t · send · me the guide; I want · no · guide */
  #isAskedFor(not: number): boolean {
    const words = this.#before;
    const next = this.#skipFillers(not + 1);
    if (next < words.length && this.#is(words[next]!, roles.ask) && this.#reaches(next + 1)) {
      const isNeed = this.#is(words[next]!, roles.need);
      return isNeed || !this.#isTold(not) || words.some((id) => this.#is(id, roles.plea));
    }
    for (let verb = not - 1; verb >= Math.max(0, not - 3); verb -= 1) {
      if (this.#is(words[verb]!, roles.ask)) return this.#reaches(not + 1) && !this.#isTold(verb);
      if (!this.#is(words[verb]!, roles.filler)) return false;
    }
    return false;
  }

  /** No guide, please. The checklist, not the guide. Bitte keinen Guide schicken. */
  #isRefusedItself(not: number): boolean {
    const words = this.#before;
    if (!this.#areFillers(words.slice(not + 1)) || this.#isTold(not)) return false;
    // No tengo la guía.
    if (words.slice(not + 1).some((id) => this.#is(id, roles.lacks))) return false;
    if (words.some((id) => this.#is(id, roles.turns))) return false;
    if (this.#endsInAsking(this.#after)) return true;
    if (!this.#after.every((id) => this.#is(id, roles.filler | roles.tail))) return false;
    // Behind other words, “not the guide” refuses it and “still no guide” does not.
    const isNamed = this.#is(words[not]!, roles.not) && not + 1 < words.length;
    return isNamed || this.#areFillers(words.slice(0, not));
  }

  /** Ich will den Guide nicht. Stuur mij de gids niet. La guía no. */
  #isRefusedBehind(): boolean {
    const words = this.#before;
    const after = this.#after;
    const not = after.findIndex((id) => this.#is(id, roles.not));
    if (not === -1 || !this.#areFillers(after.slice(0, not))) return false;
    const rest = after.slice(not + 1);
    if (!rest.every((id) => this.#is(id, roles.filler | roles.ask))) return false;
    const verb = words.findLastIndex((id) => this.#is(id, roles.ask));
    if (verb !== -1 && this.#reaches(verb + 1)) return !this.#isTold(verb);
    return this.#areFillers(words) && (rest.length === 0 || this.#endsInAsking(rest));
  }

  /** … schicken, … nodig: the verb behind the keyword, and only small words beside it. */
  #endsInAsking(list: readonly number[]): boolean {
    return (
      list.some((id) => this.#is(id, roles.ask)) && list.every((id) => this.#is(id, roles.ask | roles.filler))
    );
  }
}
