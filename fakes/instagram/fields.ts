/** The `fields=` language of the Graph API: names, with sub-fields in braces and modifiers like `.limit(5)`. */
import { done, type GraphReply, invalidParameter } from './errors.ts';

/** What was asked of one field: its sub-fields, and the number in `.limit(…)`. */
export interface Asked {
  subFields: string | undefined;
  limit: number | undefined;
}

export type Fields = Map<string, Asked>;

/** undefined where the braces do not match. */
export function parseFields(source: string): Fields | undefined {
  const fields: Fields = new Map();
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= source.length; i += 1) {
    const char = source[i];
    if (char === '{' || char === '(') depth += 1;
    else if (char === '}' || char === ')') depth -= 1;
    if (depth < 0) return undefined;
    if (char === undefined || (char === ',' && depth === 0)) {
      const item = source.slice(start, i).trim();
      const brace = item.indexOf('{');
      const head = brace === -1 ? item : item.slice(0, brace);
      const name = head.replace(/\..*$/s, '').trim();
      const limit = /\.limit\((\d{1,6})\)/.exec(head)?.[1];
      if (name !== '') {
        fields.set(name, {
          subFields: brace === -1 ? undefined : item.slice(brace + 1, -1),
          limit: limit === undefined ? undefined : Number(limit),
        });
      }
      start = i + 1;
    }
  }
  return depth === 0 ? fields : undefined;
}

/** Value of one field; undefined leaves it out, as Graph leaves out what is not set. */
export type Resolvers<T> = Record<
  string,
  (node: T, subFields: string | undefined, limit: number | undefined) => unknown
>;

/** The fields asked for, or the default ones; `id` always comes along. */
export function select<T>(
  node: T,
  resolvers: Resolvers<T>,
  asked: string | undefined,
  defaults: string,
): GraphReply {
  const fields = parseFields(asked === undefined || asked === '' ? defaults : asked);
  if (fields === undefined) return invalidParameter('Syntax error in fields');
  if (!fields.has('id')) fields.set('id', { subFields: undefined, limit: undefined });
  const body: Record<string, unknown> = {};
  for (const [name, { subFields, limit }] of fields) {
    const resolve = Object.hasOwn(resolvers, name) ? resolvers[name] : undefined;
    if (resolve === undefined) return invalidParameter(`Tried accessing nonexisting field (${name})`);
    const value = resolve(node, subFields, limit);
    if (value !== undefined) body[name] = value;
  }
  return done(body);
}

/** For nested nodes: what cannot be selected is empty, the outer answer stands. */
export function selectInner<T>(
  node: T,
  resolvers: Resolvers<T>,
  asked: string | undefined,
  defaults: string,
): object {
  const reply = select(node, resolvers, asked, defaults);
  return reply.ok ? reply.body : {};
}
