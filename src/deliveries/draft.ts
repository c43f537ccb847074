import type { TextLimit } from '../platforms/port.ts';
import type { WeightedTemplate } from '../triggers/definition.ts';
import {
  drawTemplate,
  givesResource,
  renderTemplate,
  type TemplateContext,
  textSize,
} from '../triggers/templates.ts';

/** What a message will say. */
export interface DraftMessage {
  text: string;
  /** Index of the template that was drawn. */
  variant: number;
}

/** What a text must be to go out. */
export interface DraftRules {
  limit: TextLimit;
  /** It has to have the resource in it: a delivery whose message gives nothing is none. */
  mustGive: boolean;
  /** The template that this person got last: only drawn where no other will do. */
  lastVariant?: number | null;
}

/**
 * Draws a template; where what it gives will not do after all, the others have their turn.
 * @param random in [0, 1)
 * @returns null where none of them gives a message that will do
 */
export function draftMessage(
  templates: readonly WeightedTemplate[],
  context: TemplateContext,
  rules: DraftRules,
  random: () => number,
): DraftMessage | null {
  if (templates.length === 0) return null;
  const drawn = drawTemplate(others(templates, rules.lastVariant ?? null), random);
  for (let i = 0; i < templates.length; i += 1) {
    const variant = (drawn + i) % templates.length;
    const template = templates[variant] as WeightedTemplate;
    const text = tryRender(template.text, context, random);
    if (text && willDo(text, context, rules)) return { text, variant };
  }
  return null;
}

function others(
  templates: readonly WeightedTemplate[],
  lastVariant: number | null,
): readonly WeightedTemplate[] {
  if (lastVariant === null || templates.length === 1) return templates;
  return templates.map((template, index) => (index === lastVariant ? { ...template, weight: 0 } : template));
}

function willDo(text: string, context: TemplateContext, { limit, mustGive }: DraftRules): boolean {
  return textSize(text, limit.unit) <= limit.max && (!mustGive || givesResource(text, context.resource));
}

/** Templates are checked when they are saved; one that fails now is passed over like one that is too long. */
function tryRender(template: string, context: TemplateContext, random: () => number): string | null {
  try {
    return renderTemplate(template, context, random);
  } catch {
    return null;
  }
}
