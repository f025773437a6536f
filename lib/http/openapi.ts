import * as z from 'zod';
import { type ProblemCode, problemKinds } from './contract/problem.ts';
import { documentTypes } from './contract/route.ts';
import { type Answer, problemsOf, type Route, routeEntries } from './contract/routes.ts';
import { named, problemDetails } from './contract/schemas.ts';

/** As much of JSON Schema as the contract's schemas make use of. */
export interface JsonSchema {
  $ref?: string;
  type?: string;
  description?: string;
  format?: string;
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  additionalProperties?: boolean | JsonSchema;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: JsonSchema;
}

interface MediaTypes {
  [mediaType: string]: { schema: JsonSchema };
}

export interface OperationObject {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  security: Record<string, string[]>[];
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: MediaTypes };
  responses: Record<string, { description: string; headers?: Record<string, unknown>; content?: MediaTypes }>;
}

export interface OpenApiDocument {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } };
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, OperationObject>>;
  components: { schemas: Record<string, JsonSchema>; securitySchemes: Record<string, unknown> };
}

/** What asks who it is: this server, for its token, or the gateway in front of it. */
export type Protection = 'token' | 'gateway' | 'nothing';

const securitySchemes: Record<Protection, Record<string, unknown>> = {
  token: { token: { type: 'http', scheme: 'bearer' } },
  gateway: {
    gateway: {
      type: 'apiKey',
      in: 'header',
      name: 'Authorization',
      description: 'As the gateway demands: a signature of AWS (version 4) for `execute-api`, or a bearer token',
    },
  },
  nothing: {},
};

export function createOpenApi({ protectedBy }: { protectedBy: Protection }): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  for (const [operationId, route] of routeEntries) {
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: operation(operationId, route, protectedBy),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pawl',
      version: '1',
      description: 'Durable workflows: start runs, follow them, act on them. Errors are problem details (RFC 9457).',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routeEntries.map(([, { tag }]) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: securitySchemes[protectedBy],
    },
  };
}

function operation(operationId: string, route: Route, protectedBy: Protection): OperationObject {
  const parameters = [
    ...parametersOf(route.params, 'path'),
    ...parametersOf(route.query, 'query'),
    ...parametersOf(route.headers, 'header'),
  ];
  const token = route.token ?? 'required';
  return {
    operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description && { description: route.description }),
    security:
      protectedBy === 'nothing' || token === 'none'
        ? []
        : [...(token === 'optional' ? [{}] : []), { [protectedBy]: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && {
      requestBody: {
        required: route.body.optional !== true,
        content: { 'application/json': { schema: reference(route.body.schema) } },
      },
    }),
    ...(route.document && {
      requestBody: {
        required: true,
        content: {
          [documentTypes.yaml[0]]: { schema: { type: 'string' } },
          [documentTypes.json[0]]: { schema: { type: 'object' } },
        },
      },
    }),
    responses: { ...answersOf(route), ...problemAnswersOf(route) },
  };
}

function answersOf(route: Route): OperationObject['responses'] {
  return Object.fromEntries(route.answers.map((answer) => [answer.status, answerObject(answer)]));
}

function answerObject({ status, description, schema, mediaType = 'application/json', headers }: Answer) {
  return {
    description,
    ...(headers && {
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, says]) => [name, { description: says, schema: { type: 'string' } }]),
      ),
    }),
    ...(status !== 204 && { content: { [mediaType]: { schema: schema ? reference(schema) : anything(mediaType) } } }),
  };
}

function anything(mediaType: string): JsonSchema {
  return mediaType === 'application/json' ? { type: 'object' } : { type: 'string' };
}

/** One answer a status; several codes may share it. */
function problemAnswersOf(route: Route): OperationObject['responses'] {
  const own = new Set<number>(route.answers.map(({ status }) => status));
  const codes = problemsOf(route);
  const statuses = [...new Set(codes.map((code) => problemKinds[code].status))].filter((status) => !own.has(status));
  return Object.fromEntries(
    statuses.map((status) => [status, problemAnswer(codes.filter((code) => problemKinds[code].status === status))]),
  );
}

function problemAnswer(codes: ProblemCode[]) {
  return {
    description: codes.map((code) => `\`${code}\`: ${problemKinds[code].title}`).join('. '),
    content: { 'application/problem+json': { schema: reference(problemDetails) } },
  };
}

function parametersOf(schema: z.ZodObject | undefined, where: Parameter['in']): Parameter[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => {
    const { description, ...rest } = standalone(field as z.ZodType);
    return {
      name,
      in: where,
      required: where === 'path',
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}

const components = '#/components/schemas/';

function reference(schema: z.ZodType): JsonSchema {
  const id = named.get(schema)?.id;
  if (id !== undefined) return { $ref: components + id };
  if (schema instanceof z.ZodUnion) return { anyOf: schema.options.map((option) => reference(option as z.ZodType)) };
  return standalone(schema);
}

function standalone(schema: z.ZodType): JsonSchema {
  return withoutDialect(z.toJSONSchema(schema, { io: 'output', override: withoutNoise }) as JsonSchema);
}

function componentSchemas(): Record<string, JsonSchema> {
  // As input: what a client sends is exact, and what it reads may grow.
  const { schemas } = z.toJSONSchema(named, { io: 'input', uri: (id) => components + id, override: withoutNoise });
  return Object.fromEntries(
    Object.entries(schemas)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([id, schema]) => [id, withoutDialect(schema as JsonSchema)]),
  );
}

/** Drops what a reader knows anyway: the pattern behind a `format`, and that integers are safe ones. */
function withoutNoise({ jsonSchema }: { jsonSchema: { [keyword: string]: unknown } }): void {
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

function withoutDialect(schema: JsonSchema & { $schema?: string; $id?: string }): JsonSchema {
  const { $schema: _dialect, $id: _id, ...rest } = schema;
  return rest;
}
