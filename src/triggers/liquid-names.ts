/**
 * No tag reads another template, and none loops: a message has no lists, and without loops the work is bounded by
 * the template's length. None writes into a variable what the engine does not count (`capture`), and none has a
 * syntax of its own inside (`liquid`).
 */
export const tagNames = ['#', 'assign', 'case', 'comment', 'echo', 'if', 'raw', 'unless'] as const;

/** Text and numbers only. Nothing that reads the clock (`date`) or chance (`sample`): the same goes in, the same comes out. */
export const filterNames = [
  'abs',
  'append',
  'at_least',
  'at_most',
  'capitalize',
  'ceil',
  'default',
  'divided_by',
  'downcase',
  'first',
  'floor',
  'join',
  'last',
  'lstrip',
  'minus',
  'modulo',
  'normalize_whitespace',
  'plus',
  'prepend',
  'remove',
  'remove_first',
  'remove_last',
  'replace',
  'replace_first',
  'replace_last',
  'round',
  'rstrip',
  'size',
  'slice',
  'split',
  'squish',
  'strip',
  'strip_newlines',
  'times',
  'truncate',
  'truncatewords',
  'upcase',
  'url_encode',
] as const;
