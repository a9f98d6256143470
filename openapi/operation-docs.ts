/**
 * The documentation of every operation, by the same groups as functions/http/operations. With the
 * routes, schemas and problems it makes the OpenAPI document. An operation that is missing here does
 * not compile.
 */

import type { OperationName } from '../functions/http/routes.ts';
import { batchDocs } from './batch-docs.ts';
import { counterDocs } from './counter-docs.ts';
import { healthDocs } from './health-docs.ts';
import { keyDocs } from './key-docs.ts';
import { limitDocs } from './limit-docs.ts';
import { liveDocs } from './live-docs.ts';
import { memberDocs } from './member-docs.ts';
import type { OperationDoc } from './operation-doc.ts';
import { passDocs } from './pass-docs.ts';
import { siteDocs } from './site-docs.ts';
import { subjectDocs } from './subject-docs.ts';
import { ticketDocs } from './ticket-docs.ts';
import { userDocs } from './user-docs.ts';
import { visitorDocs } from './visitor-docs.ts';

export const operationDocs: Readonly<Record<OperationName, OperationDoc>> = {
  ...batchDocs,
  ...counterDocs,
  ...healthDocs,
  ...keyDocs,
  ...limitDocs,
  ...liveDocs,
  ...memberDocs,
  ...passDocs,
  ...siteDocs,
  ...subjectDocs,
  ...ticketDocs,
  ...userDocs,
  ...visitorDocs,
};
