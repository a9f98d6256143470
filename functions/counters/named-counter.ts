import type { CounterDefinition, CounterKind } from './define-counters.ts';

/** A counter of a subject: its two names, and what its definition says it may do. */
export interface NamedCounter<D extends CounterDefinition = CounterDefinition> {
  readonly subject: string;
  readonly counter: string;
  readonly definition: D;
}

/** The definition of a counter of this kind. */
export type DefinitionOf<K extends CounterKind> = Extract<CounterDefinition, { kind: K }>;
