import {
  filters as builtInFilters,
  tags as builtInTags,
  type FilterImplOptions,
  Liquid,
  type Template,
} from 'liquidjs';
import { maxTemplateLength } from './definition.ts';
import { filterNames, tagNames } from './liquid-names.ts';
import { renderLimits } from './render-limits.ts';
import { refuseExcess } from './template-bounds.ts';

const splitFreely = builtInFilters.split as (this: unknown, text: unknown, separator: unknown) => string[];

/** Comparing two lists takes the engine as long as they are, as often as a template asks. */
const split: FilterImplOptions = function (text, separator) {
  const parts = splitFreely.call(this, text, separator);
  if (parts.length > renderLimits.listLength) {
    throw new Error(`split gives more than ${renderLimits.listLength} parts`);
  }
  return parts;
};

function buildEngine(): Liquid {
  const engine = new Liquid({
    strictFilters: true,
    ownPropertyOnly: true,
    // An in-memory store, and an empty one: the engine never looks at the file system.
    templates: {},
    parseLimit: maxTemplateLength,
    memoryLimit: renderLimits.memory,
  });
  // Named are those that stay, so that a new version of the engine cannot bring in others.
  for (const name of Object.keys(builtInTags)) {
    if (!(tagNames as readonly string[]).includes(name)) delete engine.tags[name];
  }
  for (const name of Object.keys(builtInFilters)) {
    if (!(filterNames as readonly string[]).includes(name)) delete engine.filters[name];
  }
  engine.registerFilter('split', split);
  return engine;
}

export const engine = buildEngine();

/** About what an instance with some hundred active triggers uses. */
const maxParsed = 1_000;
const parsed = new Map<string, Template[]>();

function parseAnew(source: string): Template[] {
  if (source.length <= maxTemplateLength) refuseExcess(source);
  return engine.parse(source);
}

/** For a check, which looks at many templates once: none of them takes the place of one that intake needs. */
export function parseForCheck(source: string): Template[] {
  return parsed.get(source) ?? parseAnew(source);
}

/** The least recently used goes first: a Map keeps the order in which keys were put in. */
export function parseTemplate(source: string): Template[] {
  const known = parsed.get(source);
  const template = known ?? parseAnew(source);
  if (known !== undefined) parsed.delete(source);
  else if (parsed.size >= maxParsed) parsed.delete(parsed.keys().next().value!);
  parsed.set(source, template);
  return template;
}
