import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { matchRoute } from '../../../functions/http/match-route.ts';
import { jwtPrefix, type Route, routes } from '../../../functions/http/routes.ts';
import {
  isReservedCounter,
  isReservedMember,
  isReservedSubject,
} from '../../../functions/rules/names.ts';

const root = join(import.meta.dirname, '../../..');
const segmentsOf = ({ path }: Pick<Route, 'path'>) => path.split('/').slice(1);
const isParameter = (segment: string | undefined): segment is string =>
  segment?.startsWith('{') ?? false;

/** Whether a name of this parameter can hide no route, or be hidden by none. */
const isReserved: Readonly<Record<string, (name: string) => boolean>> = {
  '{subject}': isReservedSubject,
  '{counter}': isReservedCounter,
  '{member}': isReservedMember,
  '{user}': isReservedMember,
};

/** Whether one text can be both segments of two paths: no name is a reserved word. */
function canMeet(one: string, other: string): boolean {
  if (isParameter(one) && isParameter(other)) return true;
  if (isParameter(one)) return !isReserved[one]?.(other);
  if (isParameter(other)) return !isReserved[other]?.(one);
  return one === other;
}

/** The parameters that stand where a route has a literal, behind a beginning that both can have. */
function parametersAt(segments: readonly string[], index: number): string[] {
  const found = routes.map(segmentsOf).flatMap((other) => {
    const parameter = other[index];
    const isBehind = segments.slice(0, index).every((it, at) => canMeet(it, other[at] ?? ''));
    return isParameter(parameter) && isBehind ? [parameter] : [];
  });
  return [...new Set(found)];
}

describe('the literal segments of routes', () => {
  const literals = routes.flatMap((route) => {
    const segments = segmentsOf(route);
    return segments.flatMap((segment, index) =>
      isParameter(segment) ? [] : [[route.path, segment, parametersAt(segments, index)] as const],
    );
  });

  test.each(literals)(
    'of %s: "%s" is reserved where another route has a name',
    (_, segment, where) => {
      for (const parameter of where) expect(isReserved[parameter]?.(segment), parameter).toBe(true);
    },
  );

  test('are reserved as subjects where a path begins with them, with and without /v1', () => {
    const first = routes
      .map(segmentsOf)
      .flatMap(([head = '', second = '']) => (head === 'v1' ? [head, second] : [head]));
    const words = first.filter((segment) => !isParameter(segment));
    expect(words.length).toBeGreaterThan(routes.length);
    for (const word of [...words, jwtPrefix.slice(1)]) {
      expect(isReservedSubject(word), word).toBe(true);
    }
  });
});

describe('the route of a request', () => {
  const operationOf = (method: string, path: string) => {
    const match = matchRoute(method, path);
    return match.found === 'route' ? match.route.operation : match.found;
  };

  test.each([
    ['GET', '/v1/post-42', 'readSubject'],
    ['GET', '/v1/counter', 'readSubject'],
    ['GET', '/v1/health', 'checkHealth'],
    ['GET', '/v1/keys', 'listKeys'],
    ['GET', '/v1/post-42/settings', 'readSettings'],
    ['GET', '/v1/post-42/likes', 'readCounter'],
    ['GET', '/post-42/counter', 'readCounter'],
    ['PUT', '/post-42/counter', 'changeCounter'],
    ['GET', '/v1/users/ana/unread', 'readUnread'],
    // Names that routes use have the methods of these routes, and no others.
    ['GET', '/v1/batch', 'other_methods'],
    ['GET', '/v1/passes', 'other_methods'],
    ['GET', '/v1/keys/9f86d081884c7d65', 'other_methods'],
    ['PUT', '/v1/counter', 'other_methods'],
    ['DELETE', '/v1/post-42', 'other_methods'],
    ['GET', '/v1', 'nothing'],
    ['GET', '/post-42', 'nothing'],
    ['GET', '/v1/', 'nothing'],
    ['GET', '/v1/post-42/', 'readCounter'],
  ])('%s %s is %s', (method, path, operation) => {
    expect(operationOf(method, path)).toBe(operation);
  });

  test('has the methods of its own path in its answer', () => {
    expect(matchRoute('POST', '/v1/keys/9f86d081884c7d65')).toEqual({
      found: 'other_methods',
      allowed: ['DELETE'],
    });
    expect(matchRoute('DELETE', '/v1/post-42')).toEqual({
      found: 'other_methods',
      allowed: ['GET', 'HEAD'],
    });
  });
});

describe('an operation', () => {
  test('is served by one function and takes one right, on all its routes', () => {
    for (const [operation, own] of Map.groupBy(routes, (route) => route.operation)) {
      const kinds = new Set(own.map(({ servedBy, right }) => `${servedBy} ${right}`));
      expect(kinds.size, operation).toBe(1);
    }
  });

  test('is found in one group, by the same name in the code and in its documentation', () => {
    const groupsOf =
      (pattern: string, declaration: (operation: string) => RegExp) => (operation: string) =>
        globSync(pattern, { cwd: root })
          .filter((file) => declaration(operation).test(readFileSync(join(root, file), 'utf8')))
          .map((file) => basename(file).replace(/-(?:operations|docs)\.ts$/, ''));
    const codeGroups = groupsOf(
      'functions/http/operations/*.ts',
      (operation) =>
        new RegExp(`^\\s+(?:const ${operation}: Operation =|${operation}: async )`, 'm'),
    );
    const docsGroups = groupsOf(
      'openapi/*-docs.ts',
      (operation) => new RegExp(`^ {2}${operation}: \\{`, 'm'),
    );
    for (const operation of new Set(routes.map((route) => route.operation))) {
      expect(codeGroups(operation), operation).toHaveLength(1);
      expect(docsGroups(operation), operation).toEqual(codeGroups(operation));
    }
  });
});
