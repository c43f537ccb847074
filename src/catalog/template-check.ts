import type { MessageKind, PlatformAdapter } from '../platforms/port.ts';
import { andMore, type FieldError, Problem } from '../problem.ts';
import type { TriggerDefinition } from '../triggers/definition.ts';
import { type Door, openDoors, priceAt } from '../triggers/price.ts';
import { checkTemplates, type TemplateContext } from '../triggers/templates.ts';

type Answers = Pick<TriggerDefinition, 'doors' | 'mode' | 'mediaIds' | 'dmTemplates' | 'publicReplies'>;

/**
 * What is wrong with a trigger's templates on this platform, with this resource and whoever may come through one of its
 * doors: each has its price. Private messages have to give the resource; public replies must fit, and say what they like.
 */
export function templateErrors(
  answers: Answers,
  context: Pick<TemplateContext, 'resource' | 'account'>,
  { capabilities }: PlatformAdapter,
): FieldError[] {
  const { textLimits, maxUsernameLength } = capabilities;
  const errors = new Map<string, FieldError>();
  const check = (list: 'dmTemplates' | 'publicReplies', door: Door, limit: MessageKind) => {
    // The check stands in the longest user name itself.
    const worst: TemplateContext = { ...context, contact: { username: null }, price: priceAt(door) };
    const rules = { limit: textLimits[limit], maxUsernameLength, mustGive: list === 'dmTemplates' };
    for (const issue of checkTemplates(answers[list], worst, rules)) {
      const field = `/${list}/${issue.index}/text`;
      if (!errors.has(field)) errors.set(field, { field, message: issue.message });
    }
  };
  for (const door of openDoors(answers)) {
    check('dmTemplates', door, door === 'comment' ? 'private_reply' : 'direct_message');
  }
  // Whoever closes the public door may keep what would be said there.
  check('publicReplies', 'comment', 'public_reply');
  return [...errors.values()];
}

export function refuseTemplates(errors: readonly FieldError[]): void {
  const [first] = errors;
  if (!first) return;
  const detail = `The template ${first.field} ${first.message}${andMore(errors)}.`;
  throw new Problem(422, 'template_invalid', detail, { errors });
}
