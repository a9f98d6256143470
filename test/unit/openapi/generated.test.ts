import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { problemKinds } from '../../../functions/http/problems.ts';
import { routes } from '../../../functions/http/routes.ts';
import { isName } from '../../../functions/rules/names.ts';
import { generatedFiles } from '../../../openapi/generated-files.ts';
import { createOpenApiDocument } from '../../../openapi/openapi-document.ts';
import { operationDocs } from '../../../openapi/operation-docs.ts';
import { pathParameters } from '../../../openapi/parameter-docs.ts';

const document = createOpenApiDocument();
const root = join(import.meta.dirname, '../../..');

describe('generated files', () => {
  test.each([...generatedFiles()])(
    '%s is what the sources say (npm run generate)',
    (path, text) => {
      const file = join(root, path);
      expect(existsSync(file) ? readFileSync(file, 'utf8') : undefined).toBe(text);
    },
  );
});

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1, and all its references lead somewhere', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(validator.version).toBe('3.1');
    expect(references(document).filter((reference) => !leadsSomewhere(reference))).toEqual([]);
  });

  test('names nothing that it does not use', () => {
    const used = new Set(references(document));
    const named = Object.entries(document.components as Record<string, object>)
      .filter(([section]) => section !== 'securitySchemes')
      .flatMap(([section, entries]) =>
        Object.keys(entries).map((name) => `#/components/${section}/${name}`),
      );
    expect(named.filter((reference) => !used.has(reference))).toEqual([]);
  });

  test('has an operation for every route, each with an id of its own', () => {
    const operations = Object.entries(
      document.paths as Record<string, Record<string, object>>,
    ).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        route: `${method.toUpperCase()} ${path}`,
        id: (operation as { operationId: string }).operationId,
      })),
    );
    expect(operations.map(({ route }) => route).toSorted()).toEqual(
      routes.map(({ method, path }) => `${method} ${path}`).toSorted(),
    );
    expect(new Set(operations.map(({ id }) => id)).size).toBe(routes.length);
  });

  const examples = Object.entries(operationDocs).flatMap(([name, { body, answers }]) =>
    [body, ...Object.values(answers).flatMap(({ content = {} }) => Object.values(content))].flatMap(
      (content) => (content && 'example' in content ? [[name, content] as const] : []),
    ),
  );
  test.each(examples)(
    'shows examples of %s that fit their schemas',
    (_name, { schema, example }) => {
      expect(v.safeParse(schema, example).issues).toBeUndefined();
    },
  );

  test('knows a valid name from an invalid one as the rules do', () => {
    const { schema } = pathParameters.subject ?? expect.fail('subject is not documented');
    const nearlyNames = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[A-Za-z0-9#._:~@|'+*%-]{0,130}$/),
    );
    fc.assert(
      fc.property(nearlyNames, (text) => {
        expect(v.is(schema, text)).toBe(isName(text));
      }),
    );
  });

  test('explains every error code in docs/errors.md', () => {
    const markdown = generatedFiles().get('docs/errors.md') ?? '';
    const headings = [...markdown.matchAll(/^## (\w+)$/gm)].map(([, code]) => code);
    expect(headings).toEqual(Object.keys(problemKinds));
  });
});

function references(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value] : references(value),
  );
}

function leadsSomewhere(reference: string): boolean {
  const [, ...keys] = reference.split('/');
  return (
    keys.reduce<unknown>(
      (node, key) => (node as Record<string, unknown> | undefined)?.[key],
      document,
    ) !== undefined
  );
}
