import type * as z from 'zod';
import type { ProblemCode } from './problem.ts';

export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  /** As OpenAPI writes it: `/v1/runs/{id}`. */
  path: string;
  /** The path's last parameter is all that is left of it, slashes included. */
  rest?: true;
  tag: 'Runs' | 'Callbacks' | 'Workflows' | 'Server';
  summary: string;
  description?: string;
  /** Whether the server's token is asked for. `optional`: without it the answer says less. Default: `required`. */
  token?: 'required' | 'optional' | 'none';
  params?: z.ZodObject;
  query?: z.ZodObject;
  headers?: z.ZodObject;
  body?: { schema: z.ZodType; optional?: true };
  /** In place of `body`: the body is a document of its own, YAML or JSON, and is handed on as it is. */
  document?: true;
  answers: Answer[];
  /** What it asks of a busy server: a new run, to tell a run something, or nothing that could wait. Default: an answer. */
  load?: 'start' | 'tell' | 'always';
  /** Beside those that every route may answer. */
  problems: ProblemCode[];
}

export interface Answer {
  status: 200 | 201 | 202 | 204 | 503;
  description: string;
  schema?: z.ZodType;
  /** Default: `application/json`. */
  mediaType?: string;
  /** Response headers and what they say. */
  headers?: Record<string, string>;
}

/** The media types of documents: the first is the one to send. */
export const documentTypes = {
  yaml: ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml'],
  json: ['application/json'],
} as const;
