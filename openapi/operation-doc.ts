/**
 * The documentation of one operation. It says only what cannot be derived: openapi-document.ts adds the
 * right, the parameters of the path, the conditional GET, and the problems that a path, a body, a
 * header or any request can cause.
 */
import * as v from 'valibot';
import type { ProblemCode } from '../functions/http/problems.ts';
import type { OperationName } from '../functions/http/routes.ts';
import type { RequestHeader, ResponseHeader } from './parameter-docs.ts';

export type OperationDocs = Readonly<Partial<Record<OperationName, OperationDoc>>>;

export interface OperationDoc {
  readonly tag: keyof typeof tags;
  readonly summary: string;
  readonly description: string;
  readonly query?: v.GenericSchema<object>;
  readonly body?: Content;
  readonly requestHeaders?: readonly RequestHeader[];
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  /** Codes that do not follow from the path, the body or a header. */
  readonly problems: readonly ProblemCode[];
}

export interface AnswerDoc {
  readonly description: string;
  readonly headers?: readonly ResponseHeader[];
  /** By media type. */
  readonly content?: Readonly<Record<string, Content>>;
}

export interface Content {
  readonly schema: v.GenericSchema;
  readonly example?: unknown;
}

export const tags = {
  Counters: 'Count, and read counts.',
  Members: 'Reactions, viewers and visitors.',
  Users: 'What is new to a user.',
  Tickets: 'Numbers without gaps.',
  Limits: 'So many units in a time.',
  Keys: 'API keys and passes: who may do what.',
  Subjects: 'A subject as a whole: all its counters, and its settings.',
  Service: 'Whether Tally is up, and the description of its API.',
} as const;

/** A schema with an example of it; the compiler checks that it fits. */
export const content = <S extends v.GenericSchema>(
  schema: S,
  example: v.InferInput<S>,
): Content => ({
  schema,
  example,
});
/** For every write that can answer with a count. */
export const countForReaders = 'Callers with write but not read access get no count.';
export const text: Content = { schema: v.string() };
export const updatedAt = '2026-11-21T09:30:00.000Z';
