import type { WeightedTemplate } from './definition.ts';

export { renderTemplate } from './render.ts';
export { type TextLimit, type TextUnit, textSize } from './render-limits.ts';
export { checkTemplates, givesResource, type TemplateIssue, type TemplateRules } from './template-check.ts';
export type { TemplateContext } from './template-context.ts';
export { TemplateError } from './template-errors.ts';

/** @param random in [0, 1) @returns the index of the template drawn, each as often as its weight says */
export function drawTemplate(templates: readonly WeightedTemplate[], random: () => number): number {
  const total = templates.reduce((sum, { weight }) => sum + weight, 0);
  const drawn = random();
  let upTo = 0;
  for (const [index, { weight }] of templates.entries()) {
    upTo += weight;
    // Divided rather than multiplied: a random number of exactly a share is then never rounded below it.
    if (drawn < upTo / total) return index;
  }
  throw new RangeError(`drew ${drawn} of ${templates.length} templates`);
}
