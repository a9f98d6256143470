/** What can go wrong with a command that is right. */
import { OutcomeUnknownError, StoreUnavailableError } from '../../functions/store/store-errors.ts';

/** Refused or failed, for a reason that the operator can do something about. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
}

/** By the names of DynamoDB's errors. */
const explanations: Readonly<Record<string, string>> = {
  ResourceNotFoundException:
    'There is no such table in this account and region. Check --table, AWS_REGION and AWS_PROFILE; the name is the output TableName of the stack.',
  AccessDeniedException:
    'These AWS credentials may not do this. They need the right to read and write the table.',
  UnrecognizedClientException: 'AWS does not know these credentials. Sign in again.',
  ExpiredTokenException: 'The AWS credentials have expired. Sign in again.',
  InvalidSignatureException:
    'AWS refuses the signature of these credentials. Check the secret, and the clock of this machine.',
};

/** A sentence for people; what DynamoDB said, where we know no better. */
export function explainFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const root = rootOf(error);
  const explanation = explanations[root.name];
  if (explanation !== undefined) return explanation;
  if (error instanceof OutcomeUnknownError) {
    return `It is not known whether that was done: the database did not answer (${reasonOf(root)}). Look before you try again.`;
  }
  if (error instanceof StoreUnavailableError) {
    return `The database cannot be reached (${reasonOf(root)}). Nothing was changed.`;
  }
  return reasonOf(root);
}

function rootOf(error: Error): Error {
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}

/** Two refused connections, to both addresses of a name, have a code alone. */
function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return error.message || code || error.name;
}
