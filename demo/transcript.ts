import { styleText } from 'node:util';
import type { FakeComment, FakeSend } from '../fakes/instagram/index.ts';
import type { Scene } from './cast.ts';

export interface Explanation {
  event: { timesReceived: number };
  outcome: string;
  reason: string;
  summary: string;
  delivery: { state: string; reason: string | null; keyword: string } | null;
  triggers: { name: string; verdict: string; sentence: string }[];
  ledger: { kind: string; detail: Record<string, unknown> }[];
}

export interface Played {
  scene: Scene;
  comment: FakeComment;
  explanation: Explanation;
  sent: FakeSend[];
}

const dim = (text: string) => styleText('dim', text);
const bold = (text: string) => styleText('bold', text);

/** One comment from what was said to what the ledger holds. */
export function describe({ scene, comment, explanation, sent }: Played, number: number): string {
  const again =
    explanation.event.timesReceived > 1
      ? dim(`  (told ${explanation.event.timesReceived} times, served once)`)
      : '';
  const lines = [
    '',
    `${bold(String(number).padStart(2))}  ${dim(scene.title)}`,
    `    ${styleText('cyan', `@${comment.user.username}`)}  ${comment.text}${again}`,
    `    ${decision(explanation)}`,
  ];
  for (const message of sent) {
    const label = message.kind === 'private_reply' ? 'private' : 'public ';
    lines.push(`    ${styleText('green', `→ ${label}`)}  ${message.text}`);
  }
  if (explanation.ledger.length > 0) {
    lines.push(dim(`    ledger   ${explanation.ledger.map(entry).join(' · ')}`));
  }
  return lines.join('\n');
}

function decision({ outcome, summary, delivery, triggers }: Explanation): string {
  if (outcome === 'skipped') {
    const near = triggers.filter(({ verdict }) => verdict !== 'keyword_absent');
    return `${styleText('yellow', '✗')} ${near[0] ? `${near[0].name}: ${near[0].sentence}` : summary}`;
  }
  const mark = delivery?.state === 'delivered' ? styleText('green', '✓') : styleText('red', '!');
  return `${mark} ${summary}`;
}

function entry({ kind, detail }: Explanation['ledger'][number]): string {
  const { payment, kind: messageKind, reason } = detail;
  const about = [payment, messageKind, reason].filter((part) => typeof part === 'string').join(', ');
  return about ? `${kind} (${about})` : kind;
}
