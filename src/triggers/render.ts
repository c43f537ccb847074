import { Context, type Emitter, type Template, toValueSync } from 'liquidjs';
import { engine, parseTemplate } from './liquid.ts';
import { renderPlain } from './plain-template.ts';
import { renderLimits } from './render-limits.ts';
import { parseSpintax } from './spintax.ts';
import type { TemplateContext } from './template-context.ts';
import { describeLiquidError, TemplateError, tooMuchText } from './template-errors.ts';

/**
 * Plain text, without the white space around it.
 * @param random in [0, 1), draws the options of `{Hi|Hey}`
 * @throws TemplateError when the template cannot be rendered (it was not checked on save, or exceeds a bound)
 */
export function renderTemplate(template: string, context: TemplateContext, random: () => number): string {
  try {
    const drawn = parseSpintax(template)?.draw(random) ?? template;
    return (
      renderPlain(drawn, context)?.trim() ?? renderParsed(parseTemplate(drawn), context, { strict: false })
    );
  } catch (error) {
    if (error instanceof TemplateError) throw error;
    throw new TemplateError(describeLiquidError(error), { cause: error });
  }
}

/**
 * @param options.strict whether a variable that is not known is an error, rather than nothing
 * @throws whatever the engine does
 */
export function renderParsed(
  template: Template[],
  context: TemplateContext,
  { strict }: { strict: boolean },
): string {
  const output = new Output();
  const liquidContext = new Context(
    context,
    engine.options,
    { sync: true, strictVariables: strict },
    { liquid: engine },
  );
  toValueSync(engine.renderer.renderTemplates(template, liquidContext, output));
  return output.buffer.trim();
}

/** Collects what is written out, and ends the rendering when it is too much: the engine would go on. */
class Output implements Emitter {
  buffer = '';

  write(value: unknown): void {
    const text = textOf(value);
    if (this.buffer.length + text.length > renderLimits.resultLength) throw new Error(tooMuchText);
    this.buffer += text;
  }
}

/** As the engine writes values out. */
function textOf(value: unknown): string {
  if (value === undefined || value === null) return '';
  return Array.isArray(value) ? value.map(textOf).join('') : String(value);
}
