import type { Findings, Pattern } from './findings.ts';
import { glyphOf } from './fold.ts';
import { gap, type Tokens } from './reading.ts';
import { isStretchOf, squeeze } from './similar.ts';

/** A hash and what platforms take for one tag; an emoji ends it. */
const hashtag = /[#＃﹟]+([\p{L}\p{M}\p{N}\p{Cf}_·]+)/gu;
/** Platforms take thirty. */
const maxTags = 1_000;
const held = /([^\p{N}])\1\1/u;

/** The letters and digits of a text in a row: #Free_Guide is #freeguide. */
export function tagKey(text: string): string {
  let key = '';
  for (const char of text) {
    const glyph = glyphOf(char.codePointAt(0)!);
    for (const part of glyph.kind === 'mixed' ? glyph.parts : [glyph]) {
      if (part.kind !== 'sign' && part.kind !== 'symbol' && part.kind !== 'flag') key += part.text;
    }
  }
  return key.normalize('NFKD');
}

/** Finds keywords that stand in a text as hashtags. */
export class HashtagSearch {
  readonly #byKey = new Map<string, Pattern[]>();
  readonly #bySqueezed = new Map<string, Array<{ key: string; pattern: Pattern }>>();

  add(key: string, pattern: Pattern): void {
    const same = this.#byKey.get(key);
    if (same) same.push(pattern);
    else this.#byKey.set(key, [pattern]);
    const squeezed = squeeze(key);
    if (squeezed.length < 2) return;
    const alike = this.#bySqueezed.get(squeezed) ?? [];
    alike.push({ key, pattern });
    this.#bySqueezed.set(squeezed, alike);
  }

  search(text: string, tokens: Tokens, findings: Findings): void {
    if (this.#byKey.size === 0) return;
    let token = 0;
    let tags = 0;
    for (const match of text.matchAll(hashtag)) {
      const start = match.index;
      const end = start + match[0].length;
      while (token + 1 < tokens.count && tokens.starts[token + 1]! <= start) token += 1;
      // The part behind the hash of a link.
      if (tokens.kinds[token] === gap && tokens.starts[token]! <= start && tokens.ends[token]! > start)
        continue;
      tags += 1;
      if (tags > maxTags) break;
      if (match[1]!.length > 1_000) continue;
      const key = tagKey(match[1]!);
      const accept = (pattern: Pattern, how: 'as_said' | 'stretched') => {
        if (!findings.isSettled(pattern)) findings.accept(pattern, start, end, how);
      };
      for (const pattern of this.#byKey.get(key) ?? []) accept(pattern, 'as_said');
      if (!held.test(key)) continue;
      for (const { key: other, pattern } of this.#bySqueezed.get(squeeze(key)) ?? []) {
        if (other !== key && isStretchOf(key, other)) accept(pattern, 'stretched');
      }
    }
  }
}
