import type { PlatformAdapter } from '../platforms/port.ts';
import { andMore, type FieldError, Problem } from '../problem.ts';
import type { TriggerDefinition } from '../triggers/definition.ts';
import { priceAt } from '../triggers/price.ts';
import { checkTemplates, type TemplateContext } from '../triggers/templates.ts';

type Answers = Pick<TriggerDefinition, 'dmTemplates' | 'publicReplies'>;

/**
 * What is wrong with a trigger's templates on this platform, with this resource and whoever may comment. Private
 * messages have to give the resource; public replies must fit, and say what they like.
 */
export function templateErrors(
  answers: Answers,
  context: Pick<TemplateContext, 'resource' | 'account'>,
  { capabilities }: PlatformAdapter,
): FieldError[] {
  const { textLimits, maxUsernameLength } = capabilities;
  // The check stands in the longest user name itself.
  const worst: TemplateContext = { ...context, contact: { username: null }, price: priceAt('comment') };
  const check = (list: keyof Answers, limit: keyof typeof textLimits, mustGive: boolean) =>
    checkTemplates(answers[list], worst, { limit: textLimits[limit], maxUsernameLength, mustGive }).map(
      (issue) => ({ field: `/${list}/${issue.index}/text`, message: issue.message }),
    );
  return [...check('dmTemplates', 'private_reply', true), ...check('publicReplies', 'public_reply', false)];
}

export function refuseTemplates(errors: readonly FieldError[]): void {
  const [first] = errors;
  if (!first) return;
  const detail = `The template ${first.field} ${first.message}${andMore(errors)}.`;
  throw new Problem(422, 'template_invalid', detail, { errors });
}
