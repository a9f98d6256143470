/**
 * What people are told of every operation. With the routes, schemas and problems this makes the
 * OpenAPI document; an operation that is missing here does not compile.
 */

import type { OperationName } from '../functions/http/routes.ts';
import { counterDocs } from './counter-docs.ts';
import { keyDocs } from './key-docs.ts';
import { memberDocs } from './member-docs.ts';
import type { OperationDoc } from './operation-doc.ts';
import { serviceDocs } from './service-docs.ts';

export const operationDocs: Readonly<Record<OperationName, OperationDoc>> = {
  ...counterDocs,
  ...memberDocs,
  ...keyDocs,
  ...serviceDocs,
};
