import type { preValidationHookHandler } from 'fastify';
import { pointerToken } from '../json-pointer.ts';
import { Problem } from '../problem.ts';

/** Deeper than any body that a route takes. */
const maxDepth = 16;

/**
 * Refuses what no route could take: text that Postgres cannot store (NUL) or that is no Unicode (a lone surrogate),
 * and nesting without end. Before the schemas, so that none of them has to think of it.
 */
export const refuseUnstorable: preValidationHookHandler = (request, _reply, done) => {
  checkValue(request.body, (path) => path);
  checkValue(request.query, (path) => path.slice(1));
  done();
};

/** Without recursion: the depth is the caller's choice. */
function checkValue(root: unknown, nameOf: (path: string) => string): void {
  const pending = [{ value: root, path: '', depth: 0 }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { value, path, depth } = next;
    if (typeof value === 'string') checkText(value, nameOf(path));
    if (typeof value !== 'object' || value === null) continue;
    if (depth === maxDepth) {
      throw new Problem(422, 'body_too_deep', `The body is nested deeper than ${maxDepth} levels.`, {
        field: nameOf(path),
      });
    }
    for (const [key, child] of Object.entries(value)) {
      checkText(key, nameOf(path));
      pending.push({ value: child, path: `${path}/${pointerToken(key)}`, depth: depth + 1 });
    }
  }
}

function checkText(text: string, field: string): void {
  if (text.isWellFormed() && !text.includes('\0')) return;
  throw new Problem(
    422,
    'text_invalid',
    'A text holds a NUL character or half of a surrogate pair, which is not text. Remove it.',
    { field },
  );
}
