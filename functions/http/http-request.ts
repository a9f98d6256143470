/** A request as the operations see it. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { RequestAccess } from '../access/access.ts';
import type { NamedCounter } from '../counters/named-counter.ts';
import type { Problem } from './problem.ts';

export interface HttpRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly event: APIGatewayProxyEventV2;
  /** The media type that the caller prefers, by its Accept header. */
  readonly mediaType: string;
  /** The network that the request came from; undefined for one without limits. */
  readonly address: string | undefined;
  readonly access: RequestAccess;
  /** The counter in the path, which is parsed once. @throws Problem invalid_subject, unknown_counter */
  readonly counter: () => NamedCounter;
  /** What is known of it so far. */
  readonly progress: {
    /** Whether it changes nothing more when it is sent again; `inputOf` finds out. */
    isRepeatable: boolean;
  };
  /**
   * The problem that an error is answered with. An error that is not the caller's is logged.
   * @param isRepeatable of the part of the request that failed; left out, of the whole
   */
  readonly problemOf: (error: unknown, isRepeatable?: boolean) => Problem;
}
