import type { ProblemCode } from './problems.ts';

/** Thrown where a request cannot be answered as asked; becomes its answer. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param detail what is wrong with this request, for people
   * @param more extra members of the problem document, and headers of the answer
   */
  constructor(
    code: ProblemCode,
    detail: string,
    more: { members?: Record<string, unknown>; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.code = code;
    this.members = more.members ?? {};
    this.headers = more.headers ?? {};
  }
}
