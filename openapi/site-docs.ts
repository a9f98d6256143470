import * as v from 'valibot';
import { type OperationDocs, text } from './operation-doc.ts';

export const siteDocs = {
  showOpenApi: {
    tag: 'Service',
    summary: 'This document',
    description: 'The OpenAPI 3.1 description of the whole API.',
    answers: {
      200: {
        description: 'An OpenAPI document.',
        content: {
          'application/json': {
            schema: v.record(v.string(), v.unknown()),
            example: { openapi: '3.1.0' },
          },
        },
      },
    },
    problems: [],
  },
  showDocs: {
    tag: 'Service',
    summary: 'This document as a page',
    description: 'Every operation, to read and to try. The page loads nothing from other servers.',
    answers: { 200: { description: 'A page.', content: { 'text/html': text } } },
    problems: [],
  },
  showErrors: {
    tag: 'Service',
    summary: 'Every error code, with its cause and its fix',
    description: 'The `type` of a problem document leads to the section of its code.',
    answers: { 200: { description: 'A page.', content: { 'text/html': text } } },
    problems: [],
  },
  sendAsset: {
    tag: 'Service',
    summary: 'A file that a page loads',
    description: 'Scripts and styles of the pages.',
    answers: {
      200: { description: 'The file.', content: { 'text/css': text, 'text/javascript': text } },
    },
    problems: [],
  },
} satisfies OperationDocs;
