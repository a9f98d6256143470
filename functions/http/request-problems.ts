/** Mistakes that a request to any operation may have, whatever the operation does. */
import type { ErrorText } from '../pages/errors-document.ts';
import { limits } from '../rules/limits.ts';

export const requestProblems = {
  invalid_request: {
    status: 400,
    title: 'Several things are wrong with the request',
    cause:
      'Each of them is in `errors`, with a `code` of this list, a `detail`, and where it is: `pointer` (into the body, RFC 6901), `parameter` (of path or query) or `header`. Nothing was changed.',
    fix: 'Correct all of them.',
    retry: 'no',
  },
  unknown_parameter: {
    status: 400,
    title: 'The query has an unknown parameter',
    cause:
      'Unknown parameters are refused, so that a misspelt one is not silently ignored. Only pages, asked for as HTML, let them be.',
    fix: 'Remove or correct the parameter that `detail` names.',
    retry: 'no',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The body is a form with parts',
    cause: 'The `Content-Type` is `multipart/…`, which is never JSON.',
    fix: 'Send a JSON object. With curl, use `-d` instead of `-F`.',
    retry: 'no',
  },
  unsupported_encoding: {
    status: 415,
    title: 'The body has an encoding that is not understood',
    cause: 'The `Content-Encoding` is neither `gzip` nor `identity`.',
    fix: 'Send the body as it is, or by gzip.',
    retry: 'no',
  },
  unsupported_condition: {
    status: 400,
    title: 'The request has a condition that is not supported',
    cause:
      'A write has `If-Match`, `If-None-Match` or `If-Unmodified-Since`, or a read has one of them that is not `If-None-Match`. Ignoring it could overwrite what somebody else has written.',
    fix: 'Leave the header out. To set a count only if it is still what you read, send `expected`.',
    retry: 'no',
  },
  invalid_limit: {
    status: 400,
    title: `The limit is not a whole number from 1 to ${limits.pageEntries}`,
    cause: '`limit` says how many entries of a list come in one answer.',
    fix: 'Send a number in this range, or leave it out.',
    retry: 'no',
  },
  invalid_cursor: {
    status: 400,
    title: 'The cursor is not one of this list',
    cause: '`cursor` is not the `next_cursor` of an answer to the same request.',
    fix: 'Send the `next_cursor` of the answer before as it came, or leave it out to begin anew.',
    retry: 'no',
  },
} satisfies Readonly<Record<string, ErrorText>>;
