import type { ProblemCode } from './problems.ts';

/** Thrown where a request cannot be answered as asked; becomes its answer. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly mayRepeat: boolean;

  /**
   * @param detail what is wrong with this request, for people
   * @param more extra members of the problem document, headers of the answer, and whether the request may
   *   be sent again where its code leaves that open
   */
  constructor(
    code: ProblemCode,
    detail: string,
    more: {
      members?: Readonly<Record<string, unknown>>;
      headers?: Readonly<Record<string, string>>;
      mayRepeat?: boolean;
    } = {},
  ) {
    super(detail);
    this.code = code;
    this.members = more.members ?? {};
    this.headers = more.headers ?? {};
    this.mayRepeat = more.mayRepeat ?? true;
  }
}
