/** DynamoDB's error replies as they are on the wire, for the faults that DynamoDB Local never makes. */

export interface WireReply {
  readonly status: number;
  readonly body: string;
}

export type JsonObject = { readonly [key: string]: unknown };

const NAMESPACE = 'com.amazonaws.dynamodb.v20120810';

export function internalServerError(): WireReply {
  return reply(500, 'InternalServerError', { message: 'Internal server error' });
}

/** A hot key. In a transaction it cancels, naming the item; elsewhere it refuses the request. */
export function throttled(operation: string, body: JsonObject, culprit: number): WireReply {
  if (operation === 'TransactWriteItems') {
    return cancelled(body, culprit, {
      Code: 'ThrottlingError',
      Message:
        'Throughput exceeds the current capacity for one or more global secondary indexes or the table. ' +
        'DynamoDB is automatically scaling your table so please try again shortly.',
    });
  }
  return reply(400, 'ProvisionedThroughputExceededException', {
    message:
      'The level of configured provisioned throughput for the table was exceeded. ' +
      'Consider increasing your provisioning level with the UpdateTable API.',
  });
}

/** The request rate of the table or the account, which has another exception than a hot key. */
export function requestThrottled(): WireReply {
  return {
    status: 400,
    body: JSON.stringify({
      __type: 'com.amazon.coral.availability#ThrottlingException',
      message: 'Rate of requests exceeds the allowed throughput.',
    }),
  };
}

/** Another transaction holds one of the items. */
export function conflicted(operation: string, body: JsonObject, culprit: number): WireReply {
  const message = 'Transaction is ongoing for the item';
  return operation === 'TransactWriteItems'
    ? cancelled(body, culprit, { Code: 'TransactionConflict', Message: message })
    : reply(400, 'TransactionConflictException', { message });
}

function cancelled(body: JsonObject, culprit: number, reason: JsonObject): WireReply {
  const items = Array.isArray(body.TransactItems) ? body.TransactItems.length : 0;
  const reasons = Array.from({ length: items }, (_, index) =>
    index === culprit ? reason : { Code: 'None' },
  );
  const codes = reasons.map((it) => String(it.Code)).join(', ');
  return reply(400, 'TransactionCanceledException', {
    Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    CancellationReasons: reasons,
  });
}

function reply(status: number, type: string, fields: JsonObject): WireReply {
  return { status, body: JSON.stringify({ __type: `${NAMESPACE}#${type}`, ...fields }) };
}
