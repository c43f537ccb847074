/** What a token is when no keyword holds it. */
export const unknownWord = 0;
/** Stands between two characters of an unspaced script that touch: 投資。料金 does not say 資料. */
export const glue = 1;
/** Stands between a sign and what it touches: in “c ++” the signs are not those of “c++”. */
export const touch = 2;

export const hashSeed = 0x811c9dc5 | 0;

/** FNV-1a, one UTF-16 unit at a time, so that a word is hashed while it is read. */
export function hashUnit(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

/** Folded words as small numbers. Looking one up makes no string: most words of most comments are in no keyword. */
export class Vocabulary {
  /** Pairs of id and hash, so that what is not there is seen at one look. */
  #slots = new Int32Array(128);
  #texts: string[] = ['', '\u0001', '\u0002'];
  /** Of the longest word, in UTF-16 units. */
  maxLength = 0;

  get size(): number {
    return this.#texts.length;
  }

  textOf(id: number): string {
    return this.#texts[id] ?? '';
  }

  find(hash: number, units: Uint16Array, length: number): number {
    const mask = this.#slots.length - 1;
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const id = this.#slots[at]!;
      if (id === unknownWord) return id;
      if (this.#slots[at + 1] === hash && isSame(this.#texts[id]!, units, length)) return id;
    }
  }

  intern(text: string): number {
    let hash = hashSeed;
    const units = new Uint16Array(text.length);
    for (let at = 0; at < text.length; at += 1) {
      units[at] = text.charCodeAt(at);
      hash = hashUnit(hash, units[at]!);
    }
    const known = this.find(hash, units, text.length);
    if (known !== unknownWord) return known;
    const id = this.#texts.length;
    this.#texts.push(text);
    this.maxLength = Math.max(this.maxLength, text.length);
    if (this.#texts.length * 4 > this.#slots.length) this.#grow();
    this.#place(id, hash);
    return id;
  }

  #place(id: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let at = (hash << 1) & mask;
    while (this.#slots[at] !== unknownWord) at = (at + 2) & mask;
    this.#slots[at] = id;
    this.#slots[at + 1] = hash;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(before.length * 2);
    for (let at = 0; at < before.length; at += 2) {
      if (before[at] !== unknownWord) this.#place(before[at]!, before[at + 1]!);
    }
  }
}

function isSame(text: string, units: Uint16Array, length: number): boolean {
  if (text.length !== length) return false;
  for (let at = 0; at < length; at += 1) if (text.charCodeAt(at) !== units[at]) return false;
  return true;
}
