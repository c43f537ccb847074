import type { Resource } from '../../db/generated/client.ts';
import { newId, type ResourceId } from '../../ids.ts';
import { type FieldChange, fieldChanges } from '../settings-diff.ts';
import type { TriggerRow } from '../trigger-views.ts';
import type { Settings } from '../trigger-writes.ts';
import type { FilePath, FileProblem, ReadTriggersFile } from './read.ts';
import type { FileResource, FileTrigger } from './schema.ts';

/** What is there: the triggers of the account and the resources of its workspace, without the archived ones. */
export interface Present {
  triggers: readonly TriggerRow[];
  resources: readonly Resource[];
}

interface Planned {
  /** Where in the file it stands. */
  path: FilePath;
  name: string;
  action: 'add' | 'change' | 'keep';
  changes: FieldChange[];
}

export interface PlannedResource extends Planned {
  id: ResourceId;
  content: { name: string; kind: string; url: string | null; text: string | null };
}

export interface PlannedTrigger extends Planned {
  before: TriggerRow | null;
  after: Settings;
}

export interface Plan {
  resources: PlannedResource[];
  triggers: PlannedTrigger[];
  /** Not in the file. */
  others: TriggerRow[];
  /** The others are archived. */
  prune: boolean;
}

/**
 * What has to happen for the account to be as the file says. A name is what a trigger is known by within its account, and
 * a resource within its workspace: nothing in the file depends on an installation.
 */
export function planChanges(
  { file, problemAt }: ReadTriggersFile,
  present: Present,
  prune: boolean,
): { plan: Plan; problems: FileProblem[] } {
  const problems: FileProblem[] = [];
  const refuse = (path: FilePath, message: string) => problems.push(problemAt(path, message));
  const resourcesByName = Map.groupBy(present.resources, ({ name }) => name);
  const triggersByName = Map.groupBy(present.triggers, ({ name }) => name);

  const resources = file.resources.map((declared, index): PlannedResource => {
    const path = ['resources', index];
    const [known, ...more] = resourcesByName.get(declared.name) ?? [];
    if (more.length > 0) refuse([...path, 'name'], ambiguous('resources of this workspace', more.length + 1));
    const content = contentOf(declared);
    const before = known && contentOf(known);
    const changes = fieldChanges(before ?? {}, content);
    return {
      path,
      name: declared.name,
      action: !known ? 'add' : changes.length > 0 ? 'change' : 'keep',
      changes,
      id: known?.id ?? newId(),
      content,
    };
  });

  const declaredIds = new Map(resources.map(({ name, id }) => [name, id]));
  function resourceId(name: string, path: FilePath): ResourceId {
    const declared = declaredIds.get(name);
    if (declared !== undefined) return declared;
    const [known, ...more] = resourcesByName.get(name) ?? [];
    if (more.length > 0) refuse(path, ambiguous('resources of this workspace', more.length + 1));
    if (!known) refuse(path, 'names no resource, neither one of this file nor one of the workspace');
    return known?.id ?? '';
  }

  const namesById = new Map([...present.resources, ...resources].map(({ id, name }) => [id, name]));
  const triggers = file.triggers.map((wanted, index): PlannedTrigger => {
    const path = ['triggers', index];
    const [before = null, ...more] = triggersByName.get(wanted.name) ?? [];
    if (more.length > 0) refuse([...path, 'name'], ambiguous('triggers of this account', more.length + 1));
    const after = settingsFrom(wanted, resourceId(wanted.resource, [...path, 'resource']));
    const changes = fieldChanges(before ? shown(before, namesById) : {}, shown(after, namesById));
    return {
      path,
      name: wanted.name,
      action: !before ? 'add' : changes.length > 0 ? 'change' : 'keep',
      changes,
      before,
      after,
    };
  });

  const wanted = new Set(file.triggers.map(({ name }) => name));
  const others = present.triggers.filter(({ name }) => !wanted.has(name));
  return { plan: { resources, triggers, others, prune }, problems };
}

/** Whether anything would be written. */
export function changesAnything({ resources, triggers, others, prune }: Plan): boolean {
  return [...resources, ...triggers].some(({ action }) => action !== 'keep') || (prune && others.length > 0);
}

function ambiguous(what: string, count: number): string {
  return `is the name of ${count} ${what}: rename the others first`;
}

function contentOf(given: FileResource | Resource): PlannedResource['content'] {
  const { name, kind } = given;
  return {
    name,
    kind,
    url: 'url' in given ? given.url : null,
    text: 'text' in given ? given.text : null,
  };
}

function settingsFrom(
  { name, resource: _resource, state, priority, ...definition }: FileTrigger,
  resourceId: ResourceId,
): Settings {
  return { resourceId, name, priority, state, definition };
}

/** As people see it: a resource by its name. */
function shown(
  { name, resourceId, state, priority, definition }: Settings,
  resourceNames: ReadonlyMap<ResourceId, string>,
): Record<string, unknown> {
  return { name, resource: resourceNames.get(resourceId) ?? resourceId, state, priority, ...definition };
}
