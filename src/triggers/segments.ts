import type { Tokens } from './reading.ts';
import { glue } from './vocabulary.ts';

/** The dictionaries are the same for every locale; naming one keeps the machine's own out of it. */
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });

/** How many characters around a place are shown to the dictionary. */
const reach = 100;
/** What it is asked about in one text. It takes a quarter of a microsecond for each, and comments are shorter. */
const maxSegmented = 4_000;

/**
 * Whether words end where they seem to, in the scripts that put no space between them: 资料 is in 求资料, and not in
 * 投资料理, which is 投资 and 料理.
 */
export class Segments {
  #text = '';
  #segmented = 0;
  #from = 0;
  #to = 0;
  #borders = new Set<number>();

  begin(text: string): void {
    this.#text = text;
    this.#segmented = 0;
    this.#from = 0;
    this.#to = 0;
  }

  /** Whether the tokens from `first` to `last` begin and end as words do. */
  areWhole(tokens: Tokens, first: number, last: number): boolean {
    const { ids, alone } = tokens;
    if (alone[first] === 1 && first > 0 && ids[first - 1] === glue && !this.#isBorder(tokens, first)) {
      return false;
    }
    if (alone[last] === 0 || last + 1 >= tokens.count || ids[last + 1] !== glue) return true;
    return this.#isBorder(tokens, last + 2);
  }

  /** @param token one that touches the one before it */
  #isBorder(tokens: Tokens, token: number): boolean {
    const at = tokens.starts[token]!;
    if (at <= this.#from || at >= this.#to) this.#segment(tokens, token);
    return this.#borders.has(at);
  }

  #segment(tokens: Tokens, token: number): void {
    const { ids, starts, ends } = tokens;
    let first = token;
    while (first >= 2 && ids[first - 1] === glue && token - first < 2 * reach) first -= 2;
    let last = token;
    while (last + 2 < tokens.count && ids[last + 1] === glue && last - token < 2 * reach) last += 2;
    this.#borders = new Set();
    this.#from = starts[first]!;
    this.#to = ends[last]!;
    if (this.#segmented > maxSegmented) {
      for (let each = first; each <= last; each += 2) this.#borders.add(starts[each]!);
      return;
    }
    this.#segmented += last - first;
    for (const { index } of segmenter.segment(this.#text.slice(this.#from, this.#to))) {
      this.#borders.add(this.#from + index);
    }
  }
}
