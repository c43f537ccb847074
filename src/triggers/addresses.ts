/** `[start, end)` in UTF-16 units. */
export interface TextRange {
  start: number;
  end: number;
}

const signal = /[@＠﹫]|:\/\/|\bwww\.|\//gi;

/** Sticky and without alternatives: each reads on from `lastIndex` and can't go back. */
const urlTail = /[!#$%&'()*+,\-./0-9:;=?@A-Z[\]_a-z~\p{L}\p{M}\p{N}]*/uy;
const domain = /[A-Za-z0-9.-]*/y;
const asciiHandle = /[A-Za-z0-9._-]+/y;
const handle = /[\p{L}\p{M}\p{N}._-]+/uy;

const schemeChar = /[A-Za-z0-9+.-]/;
const hostChar = /[A-Za-z0-9.:-]/;
const mailboxChar = /[A-Za-z0-9._%+-]/;

const host = /[A-Za-z0-9]\.[A-Za-z]{2,24}(?::\d{1,5})?$/;
const mailDomain = /^[A-Za-z0-9-]+\.[A-Za-z0-9]/;

function readOn(reader: RegExp, text: string, from: number): number {
  reader.lastIndex = from;
  return reader.test(text) ? reader.lastIndex : from;
}

function readBack(char: RegExp, text: string, from: number, floor: number): number {
  let at = from;
  while (at > floor && char.test(text[at - 1]!)) at -= 1;
  return at;
}

/**
 * @mentions, links and e-mail addresses: they name somebody or something, the words in them are not said.
 * A link is what has a scheme, begins with `www.`, or is a host with a path; a bare `guide.thanks` is two words,
 * because people forget the space after a full stop far more often than they name a host.
 * Linear in the text: reading back stops at the character that made the previous range or attempt.
 * @returns in the order of the text, not overlapping
 */
export function addressRanges(text: string): TextRange[] {
  const ranges: TextRange[] = [];
  let floor = 0;
  for (const { 0: sign, index: at } of text.matchAll(signal)) {
    if (at < floor) continue;
    const range = rangeAround(text, sign, at, floor);
    if (range === null) continue;
    ranges.push(range);
    floor = range.end;
  }
  return ranges;
}

function rangeAround(text: string, sign: string, at: number, floor: number): TextRange | null {
  if (sign === '://') {
    const start = readBack(schemeChar, text, at, floor);
    return start < at ? { start, end: readOn(urlTail, text, at) } : null;
  }
  if (sign === '/') {
    const start = readBack(hostChar, text, at, floor);
    // The pattern looks at the end only, and a host is no longer than this.
    return host.test(text.slice(Math.max(start, at - 260), at))
      ? { start, end: readOn(urlTail, text, at) }
      : null;
  }
  if (sign.length > 1) return { start: at, end: readOn(urlTail, text, at) };

  const mailbox = readBack(mailboxChar, text, at, floor);
  if (mailbox < at) {
    const end = readOn(domain, text, at + 1);
    if (mailDomain.test(text.slice(at + 1, Math.min(end, at + 260)))) return { start: mailbox, end };
  }
  // A handle that begins in ASCII stays in it: "@annaガイド" is anna, told about the guide.
  const end = Math.max(readOn(asciiHandle, text, at + 1), at + 1);
  const handleEnd = end > at + 1 ? end : readOn(handle, text, at + 1);
  return handleEnd > at + 1 ? { start: at, end: handleEnd } : null;
}
