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
  /** The problem that an error is answered with. An error that is not the caller's is logged. */
  readonly problemOf: (error: unknown) => Problem;
}
