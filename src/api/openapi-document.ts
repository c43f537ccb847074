import { jsonSchemaTransformObject } from 'fastify-type-provider-zod';

type TransformObject = typeof jsonSchemaTransformObject;
interface Document {
  paths?: object;
  components?: { schemas?: Record<string, unknown> };
}

interface Operation {
  parameters?: { name?: string; in?: string }[];
  responses?: Record<string, { description: string; headers?: Record<string, unknown> }>;
}

const successes: Readonly<Record<string, string>> = { 200: 'As asked', 201: 'Created' };

/** Adds what the schemas of routes cannot say, and leaves out what nothing refers to. */
export const finishDocument: TransformObject = (source) => {
  const document = jsonSchemaTransformObject(source);
  for (const path of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(path ?? {})) finishOperation(operation as Operation);
  }
  dropUnreferenced(document as Document);
  visitSchemas(document, leaveOutTheObvious);
  // What is answered may grow: only what is asked is closed.
  for (const path of Object.values(document.paths ?? {})) {
    for (const { responses } of Object.values(path ?? {}) as Operation[]) visitSchemas(responses, letGrow);
  }
  visitSchemas((document as Document).components?.schemas, letGrow);
  return document;
};

function finishOperation({ parameters = [], responses = {} }: Operation): void {
  const repeatable = parameters.find((parameter) => parameter.name === 'idempotency-key');
  // Fastify knows headers in lower case only.
  if (repeatable) repeatable.name = 'Idempotency-Key';
  for (const [status, response] of Object.entries(responses)) {
    if (response.description === 'Default Response') response.description = successes[status] ?? 'Answered';
    const headers = {
      ...(status === '201' && { Location: header('Where the new thing is') }),
      ...(repeatable &&
        successes[status] && {
          'Idempotency-Replayed': header('true: this is the answer to an earlier request with the same key'),
        }),
      ...(status === '401' && { 'WWW-Authenticate': header('Bearer') }),
      ...(status === '503' && { 'Retry-After': header('Seconds') }),
    };
    if (Object.keys(headers).length > 0) response.headers = headers;
  }
}

type Schema = Record<string, unknown>;

function visitSchemas(node: unknown, visit: (schema: Schema) => void): void {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) visit(node as Schema);
  for (const child of Object.values(node)) visitSchemas(child, visit);
}

/** That a whole number is not beyond what JavaScript counts to, and a pattern where the format says it all. */
function leaveOutTheObvious(schema: Schema): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (typeof schema.format === 'string' && typeof schema.pattern === 'string') delete schema.pattern;
}

function letGrow(schema: Schema): void {
  if (schema.additionalProperties === false) delete schema.additionalProperties;
}

function header(description: string): unknown {
  return { description, schema: { type: 'string' } };
}

/** Every registered schema comes in two forms, as input and as output; bodies are described in place. */
function dropUnreferenced(document: Document): void {
  const schemas = document.components?.schemas ?? {};
  const inUse = JSON.stringify(document.paths);
  for (const name of Object.keys(schemas)) {
    if (name.endsWith('Input') && !inUse.includes(`"#/components/schemas/${name}"`)) delete schemas[name];
  }
}
