/** How a platform measures a text. */
export type TextUnit = 'utf8-bytes' | 'characters';

export interface TextLimit {
  max: number;
  unit: TextUnit;
}

/**
 * What one rendering may use. A message has some hundred words: whatever comes near these is a mistake or an attack.
 * With them, and with what `templateBounds` lets through, the work is bounded to milliseconds without a look at the
 * clock: a pause of a busy machine never fails a sound template, and the same template always fails alike.
 */
export const renderLimits = {
  /**
   * Characters of intermediate strings, all together, as the engine counts them: what each filter takes in or gives.
   * It does not count what is written out (`resultLength` does) or what `capture` collects (which is not allowed).
   */
  memory: 20_000,
  /** Parts that `split` may give. */
  listLength: 20,
  /** Characters that come out. */
  resultLength: 20_000,
} as const;

function utf8Length(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      bytes += 4;
      at += 1;
    } else bytes += 3;
  }
  return bytes;
}

/**
 * `characters` are UTF-16 units: of the ways in which platforms count characters it gives the largest number, so that
 * what fits here fits there.
 * @returns the size of `text` in the unit of the limit
 */
export function textSize(text: string, unit: TextUnit): number {
  return unit === 'utf8-bytes' ? utf8Length(text) : text.length;
}
