/** `[start, end)` in UTF-16 units. */
export interface TextRange {
  start: number;
  end: number;
}

const signal = /[@＠﹫]|:\/\/|\bwww\.|\//gi;

/** Whether a character belongs, by its first UTF-16 unit. Of ASCII it is looked up; half of a pair belongs to its other half. */
type Belongs = (unit: number, text: string, at: number) => boolean;

const letterMarkOrDigit = /[\p{L}\p{M}\p{N}]/u;

function characters(ascii: RegExp, others: boolean): Belongs {
  const table = Uint8Array.from({ length: 128 }, (_, unit) =>
    ascii.test(String.fromCharCode(unit)) ? 1 : 0,
  );
  return (unit, text, at) => {
    if (unit < 128) return table[unit] === 1;
    if (!others) return false;
    const isSecond = unit >= 0xdc00 && unit <= 0xdfff;
    return letterMarkOrDigit.test(String.fromCodePoint(text.codePointAt(isSecond ? at - 1 : at)!));
  };
}

const urlTail = characters(/[!#$%&'()*+,\-./0-9:;=?@A-Z[\]_a-z~]/, true);
const domain = characters(/[A-Za-z0-9.-]/, false);
const asciiHandle = characters(/[A-Za-z0-9._-]/, false);
const handle = characters(/[A-Za-z0-9._-]/, true);
const schemeChar = characters(/[A-Za-z0-9+.-]/, false);
const hostChar = characters(/[A-Za-z0-9.:-]/, false);
const mailboxChar = characters(/[A-Za-z0-9._%+-]/, false);

const host = /[A-Za-z0-9]\.[A-Za-z]{2,24}(?::\d{1,5})?$/;
/** t.co */
const shortestHost = 4;
const mailDomain = /^[A-Za-z0-9-]+\.[A-Za-z0-9]/;

function readOn(belongs: Belongs, text: string, from: number): number {
  let at = from;
  while (at < text.length && belongs(text.charCodeAt(at), text, at)) at += 1;
  return at;
}

function readBack(belongs: Belongs, text: string, from: number, floor: number): number {
  let at = from;
  while (at > floor && belongs(text.charCodeAt(at - 1), text, at - 1)) at -= 1;
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
  signal.lastIndex = 0;
  for (;;) {
    const found = signal.exec(text);
    if (found === null) break;
    const { 0: sign, index: at } = found;
    const range = rangeAround(text, sign, at, floor);
    if (range === null) continue;
    ranges.push(range);
    floor = range.end;
    // A link may hold any number of slashes.
    signal.lastIndex = Math.max(floor, signal.lastIndex);
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
    if (at - start < shortestHost) return null;
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
