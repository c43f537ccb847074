import { hashSeed, hashUnit } from './vocabulary.ts';

export const word = 0;
/** A sign that touches a word, or touches such a sign; and `touch` wherever one touches the other. */
export const sign = 1;
/** One emoji or other symbol, without skin tone and variation selector. */
export const symbol = 2;
/** Signs that touch no word. */
export const loose = 3;
/** A mention, a link or an e-mail address: words do not reach across. */
export const gap = 4;

/** A keyword's word that a word of the text may stand for. */
export interface Alternative {
  id: number;
  how: 'stretched' | 'typo';
}

/** What is said in a text, in its order, in columns that are used again for the next text. */
export class Tokens {
  count = 0;
  /** Beyond `count` lies what an earlier text left. */
  kinds = new Uint8Array(256);
  /** Of the vocabulary; 0 for what no keyword holds. */
  ids = new Int32Array(256);
  /** `[start, end)` in UTF-16 units of the text. */
  starts = new Int32Array(256);
  ends = new Int32Array(256);
  /** The token is one character of a script without spaces. */
  alone = new Uint8Array(256);
  /** Which keyword words a token may stand for besides what it says, by its index; mostly there is none. */
  alternatives = new Map<number, readonly Alternative[]>();
  /** Holds a word that people refuse with. */
  mayRefuse = false;

  clear(): void {
    this.count = 0;
    this.mayRefuse = false;
    if (this.alternatives.size > 0) this.alternatives = new Map();
  }

  push(kind: number, id: number, start: number, end: number, alone: number): void {
    const at = this.count;
    if (at === this.kinds.length) this.#grow();
    this.kinds[at] = kind;
    this.ids[at] = id;
    this.starts[at] = start;
    this.ends[at] = end;
    this.alone[at] = alone;
    this.count = at + 1;
  }

  #grow(): void {
    const twice = <Column extends Uint8Array | Int32Array>(column: Column, empty: Column): Column => {
      empty.set(column);
      return empty;
    };
    const size = this.kinds.length * 2;
    this.kinds = twice(this.kinds, new Uint8Array(size));
    this.ids = twice(this.ids, new Int32Array(size));
    this.starts = twice(this.starts, new Int32Array(size));
    this.ends = twice(this.ends, new Int32Array(size));
    this.alone = twice(this.alone, new Uint8Array(size));
  }
}

/** The folded characters of a text in a row, one space for whatever separates words, and where each came from. */
export class Characters {
  length = 0;
  units = new Uint16Array(1024);
  starts = new Int32Array(1024);
  ends = new Int32Array(1024);

  push(unit: number, start: number, end: number): void {
    const at = this.length;
    if (at === this.units.length) {
      const [units, starts, ends] = [this.units, this.starts, this.ends];
      this.units = new Uint16Array(at * 2);
      this.starts = new Int32Array(at * 2);
      this.ends = new Int32Array(at * 2);
      this.units.set(units);
      this.starts.set(starts);
      this.ends.set(ends);
    }
    this.units[at] = unit;
    this.starts[at] = start;
    this.ends[at] = end;
    this.length = at + 1;
  }
}

/** No word is longer than this; what is, is no keyword. */
export const maxUnits = 4_096;

/** A word while it is being read: its folded units, their hash, and whether a letter was held down. */
export class Unit {
  units = new Uint16Array(maxUnits);
  length = 0;
  hash = hashSeed;
  /** A letter stands three times or more in a row. */
  isStretched = false;
  hasDigit = false;
  #before = hashSeed;
  #run = 0;

  clear(): void {
    this.length = 0;
    this.hash = hashSeed;
    this.isStretched = false;
    this.hasDigit = false;
    this.#run = 0;
  }

  push(unit: number, isDigit: boolean): void {
    if (this.length === maxUnits) return;
    if (isDigit) this.hasDigit = true;
    else if (this.length > 0 && this.units[this.length - 1] === unit) {
      this.#run += 1;
      if (this.#run >= 3) this.isStretched = true;
      // Nobody needs the hundredth in a row, and the word has to fit whatever its writer felt.
      if (this.#run > 128) return;
    } else this.#run = 1;
    if (isDigit) this.#run = 1;
    this.units[this.length] = unit;
    this.length += 1;
    this.#before = this.hash;
    this.hash = hashUnit(this.hash, unit);
  }

  get last(): number {
    return this.length === 0 ? 0 : this.units[this.length - 1]!;
  }

  replaceLast(unit: number): void {
    if (this.length === 0) return;
    this.units[this.length - 1] = unit;
    this.hash = hashUnit(this.#before, unit);
  }

  /** Two marks on one letter may come in either order; only a whole word can be put into the canonical one. */
  normalize(): void {
    const text = this.toString().normalize('NFKD');
    const { isStretched, hasDigit } = this;
    this.clear();
    for (let at = 0; at < text.length; at += 1) this.push(text.charCodeAt(at), false);
    this.isStretched = isStretched;
    this.hasDigit = hasDigit;
  }

  toString(): string {
    return String.fromCharCode(...this.units.subarray(0, this.length));
  }
}
