/**
 * What is told of one operation. Only what cannot be derived is said: the right, the path's
 * parameters, the conditional GET and the problems that come with a path, a body, a header or any
 * request are added by openapi-document.ts.
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
  /** Codes that neither the path nor a body or a header explains. */
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
  Counters: 'Count, and read what was counted.',
  Members: 'What people say of a subject, who is there, and how many came.',
  Users: 'What is new to a user.',
  Tickets: 'Numbers that follow each other.',
  Keys: 'Who may do what.',
  Subjects: 'What a subject has of its own.',
  Service: 'Whether Tally is up, and what it can do.',
} as const;

/** The compiler checks that the example is one. */
export const content = <S extends v.GenericSchema>(
  schema: S,
  example: v.InferInput<S>,
): Content => ({
  schema,
  example,
});
/** Said of every write that can tell a count. */
export const toldToReaders = 'Who may write the counter, but not read it, is told no count.';
export const text: Content = { schema: v.string() };
export const updatedAt = '2026-11-21T09:30:00.000Z';
