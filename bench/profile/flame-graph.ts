/** Call stacks as boxes: as wide as the time that was spent in them, callees below their callers. */
import { colourOf, picture } from '../report/svg.ts';
import type { Frame, Profile } from './cpu-profile.ts';

const width = 1_200;
const rowHeight = 17;
const headHeight = 40;
const maxDepth = 60;
/** Narrower boxes could not be seen. */
const minWidth = 1.5;
const letterWidth = 6.2;

/** Hover shows the function, where it is, and its share. */
export function flameGraph(title: string, { root, busyMs }: Profile): string {
  const parts: string[] = [];
  let depthSeen = 0;
  const draw = (frame: Frame, x: number, depth: number) => {
    const boxWidth = (frame.totalMs / busyMs) * width;
    if (boxWidth < minWidth || depth > maxDepth) return;
    depthSeen = Math.max(depthSeen, depth);
    const y = headHeight + depth * rowHeight;
    const share = ((frame.totalMs / busyMs) * 100).toFixed(1);
    const name = escaped(frame.name);
    const room = Math.floor(boxWidth / letterWidth);
    const label =
      room > 4
        ? `<text x="${(x + 3).toFixed(1)}" y="${y + 12}" font-size="10">${name.slice(0, room)}</text>`
        : '';
    parts.push(
      `<g><title>${name} ${escaped(frame.place)} ${share} %</title><rect x="${x.toFixed(1)}" y="${y}" width="${boxWidth.toFixed(1)}" height="${rowHeight - 1}" fill="${fillOf(frame.origin)}" fill-opacity="0.45"/>${label}</g>`,
    );
    let childX = x;
    for (const child of frame.children.toSorted((a, b) => b.totalMs - a.totalMs)) {
      draw(child, childX, depth + 1);
      childX += (child.totalMs / busyMs) * width;
    }
  };
  draw(root, 0, 0);
  return picture(width, headHeight + (depthSeen + 1) * rowHeight + 10, title, parts);
}

/** Ours, packages, Node.js, V8. */
function fillOf(origin: string): string {
  if (origin.startsWith('src/')) return colourOf(0);
  if (origin === 'node') return colourOf(3);
  return origin.startsWith('(') ? colourOf(4) : colourOf(1);
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
