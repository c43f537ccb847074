const maxLength = 100;

export type ReadName = { ok: true; name: string } | { ok: false; reason: string };

/** What tricks whoever reads a name in a list or a terminal: controls, line ends, and what turns the writing around. */
const controls = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|[\u202a-\u202e\u2066-\u2069]/u;

export function isPlain(name: string): boolean {
  return !controls.test(name);
}

/** A name as people see it in lists and in a terminal: trimmed, 1 to 100 characters, none that controls a terminal. */
export function readName(given: string): ReadName {
  const name = given.trim();
  const length = Array.from(name).length;
  if (length === 0) return { ok: false, reason: 'A name has at least one character.' };
  if (length > maxLength) return { ok: false, reason: `A name has at most ${maxLength} characters.` };
  if (!isPlain(name)) return { ok: false, reason: 'A name has no control characters.' };
  return { ok: true, name };
}
