import type { Template } from 'liquidjs';
import type { WeightedTemplate } from './definition.ts';
import { engine, parseForCheck } from './liquid.ts';
import { renderParsed } from './render.ts';
import { type TextLimit, textSize } from './render-limits.ts';
import { parseSpintax } from './spintax.ts';
import type { TemplateContext } from './template-context.ts';
import { describeLiquidError, quote, TemplateError } from './template-errors.ts';

/** Each is tried out, so that none fails on a reader. */
const maxOptions = 60;

/** One thing that is wrong with a template, for the person who wrote it. */
export interface TemplateIssue {
  /** Index in the list that was checked. */
  index: number;
  /** A phrase that follows the template's name: “comes out empty without a user name”. */
  message: string;
}

export interface TemplateRules {
  /** The platform's limit for this kind of message. */
  limit: TextLimit;
  /** Of a user name on the platform, in ASCII characters. */
  maxUsernameLength: number;
  /** Whether the text has to contain the resource (its link or text). */
  mustGive: boolean;
}

const unitNames = { 'utf8-bytes': 'bytes', characters: 'characters' } as const;

function count(number: number): string {
  return number.toLocaleString('en-US');
}

function variablesOf(context: TemplateContext): string[] {
  return Object.entries(context).flatMap(([group, fields]) =>
    typeof fields === 'number' ? [group] : Object.keys(fields).map((field) => `${group}.${field}`),
  );
}

/** Looks at every branch, also at those that no rendering takes. @returns what to say of the first that is not known */
function unknownVariable(template: Template[], context: TemplateContext): string | null {
  const known = variablesOf(context);
  const { globals } = engine.analyzeSync(template, { partials: false });
  const unknown = Object.values(globals)
    .flat()
    .find(({ segments: [group, field, ...rest] }) => {
      if (field === undefined) return !known.includes(String(group));
      const isText = known.includes(`${group}.${field}`);
      return !isText || rest.length > 1 || (rest.length === 1 && rest[0] !== 'size');
    });
  if (unknown === undefined) return null;
  const { row, col } = unknown.location;
  const name = quote(String(unknown));
  return `line ${row}, column ${col}: the variable “${name}” is not known; there are ${known.join(', ')}`;
}

/** Whether a text has the resource in it: its link or its text. */
export function givesResource(text: string, resource: TemplateContext['resource']): boolean {
  return [resource.url, resource.text].some((gift) => gift?.trim() && text.includes(gift.trim()));
}

function howToGive({ url, text }: TemplateContext['resource']): string {
  if (url !== null) return 'never gives the resource: add {{ resource.url }}';
  if (text !== null) return 'never gives the resource: add {{ resource.text }}';
  return 'cannot give the resource: it has neither a link nor a text';
}

interface Rendering {
  /** Ends a sentence about it. */
  when: string;
  text: string;
}

/** The two ends of what a contact may be called; what only happens in between goes unseen. */
function renderExtremes(
  template: Template[],
  context: TemplateContext,
  maxUsernameLength: number,
): Rendering[] {
  const extremes = [
    { when: 'without a user name', username: null },
    { when: 'with the longest user name', username: 'w'.repeat(maxUsernameLength) },
  ];
  return extremes.map(({ when, username }) => ({
    when,
    text: renderParsed(template, { ...context, contact: { ...context.contact, username } }, { strict: true }),
  }));
}

function emptiness(renderings: readonly Rendering[]): string | null {
  const empty = renderings.filter(({ text }) => text === '');
  if (empty.length === 0) return null;
  return empty.length === renderings.length ? 'comes out empty' : `comes out empty ${empty[0]!.when}`;
}

function excess(renderings: readonly Rendering[], { max, unit }: TextLimit): string | null {
  const sizes = renderings.map(({ when, text }) => ({ when, size: textSize(text, unit) }));
  const worst = sizes.reduce((most, each) => (each.size >= most.size ? each : most));
  if (worst.size <= max) return null;
  return `comes out at ${count(worst.size)} ${unitNames[unit]} ${worst.when}; the platform allows ${count(max)}`;
}

function stinginess(renderings: readonly Rendering[], resource: TemplateContext['resource']): string | null {
  const stingy = renderings.filter(({ text }) => !givesResource(text, resource));
  if (stingy.length === 0) return null;
  if (stingy.length === renderings.length) return howToGive(resource);
  return `does not give the resource ${stingy[0]!.when}`;
}

/** With the options of `{Hi|Hey}` each drawn at least once, and the longest of them together. */
function problemOf(text: string, context: TemplateContext, rules: TemplateRules): string | null {
  const spintax = parseSpintax(text);
  if (spintax === null) return problemOfDrawn(text, context, rules);
  if (spintax.isUnclosed) return 'has a list of options { | that never ends: close it with }';
  if (spintax.options > maxOptions) return `has more than ${maxOptions} options in { | }`;
  const longestName = { ...context, contact: { username: 'w'.repeat(rules.maxUsernameLength) } };
  for (const drawn of spintax.extremes((piece) => renderedSize(piece, longestName, rules.limit))) {
    const problem = problemOfDrawn(drawn, context, rules);
    if (problem !== null) return `with the options “${quote(drawn)}”: ${problem}`;
  }
  return null;
}

/** A piece that is no template by itself counts as long as it is written. */
function renderedSize(piece: string, context: TemplateContext, { unit }: TextLimit): number {
  try {
    return textSize(renderParsed(parseForCheck(piece), context, { strict: false }), unit);
  } catch {
    return textSize(piece, unit);
  }
}

/** The first thing that is wrong: what follows from it would be wrong too. */
function problemOfDrawn(text: string, context: TemplateContext, rules: TemplateRules): string | null {
  try {
    const template = parseForCheck(text);
    const unknown = unknownVariable(template, context);
    if (unknown !== null) return unknown;
    const renderings = renderExtremes(template, context, rules.maxUsernameLength);
    return (
      emptiness(renderings) ??
      excess(renderings, rules.limit) ??
      (rules.mustGive ? stinginess(renderings, context.resource) : null)
    );
  } catch (error) {
    return error instanceof TemplateError ? error.message : describeLiquidError(error);
  }
}

/** At most one issue for each template. Renders it with the resource at hand and the extremes of what a contact may be called. */
export function checkTemplates(
  templates: readonly WeightedTemplate[],
  context: TemplateContext,
  rules: TemplateRules,
): TemplateIssue[] {
  return templates.flatMap(({ text }, index) => {
    const message = problemOf(text, context, rules);
    return message === null ? [] : [{ index, message }];
  });
}
