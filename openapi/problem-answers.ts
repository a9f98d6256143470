/** The refusals of an operation, by their status. */
import { Problem } from '../functions/http/problem.ts';
import { type ProblemCode, problemKinds } from '../functions/http/problems.ts';
import { problem } from '../functions/http/responses.ts';
import { gatewayAnswer, problemDocument } from '../functions/http/schemas/problem-document.ts';
import { headerOf, headersNamed } from './header-docs.ts';
import { contentOf, type Json, schemaOf } from './json-schemas.ts';
import { content } from './operation-doc.ts';
import { type ResponseHeader, responseHeaders } from './parameter-docs.ts';

/** API Gateway refuses requests beyond the rate that the operator allows, in words of its own. */
const gatewayStatus = 429;
const gatewayRefusal = {
  text: 'API Gateway: all callers together make too many requests.',
  content: content(gatewayAnswer, { message: 'Too Many Requests' }),
};

export function problemAnswers(codes: readonly ProblemCode[]): Json {
  const byStatus = Map.groupBy(codes, (code): number => problemKinds[code].status);
  const statuses = new Set([...byStatus.keys(), gatewayStatus]);
  return Object.fromEntries(
    [...statuses].map((status) => [status, problemAnswer(status, byStatus.get(status) ?? [])]),
  );
}

function problemAnswer(status: number, codes: readonly ProblemCode[]): Json {
  const isOfGateway = status === gatewayStatus;
  const sentences = [
    ...codes.map((code) => `\`${code}\`: ${problemKinds[code].title}.`),
    ...(isOfGateway ? [gatewayRefusal.text] : []),
  ];
  return {
    description: sentences.join('\n\n'),
    ...problemHeadersOf(codes, { isOfGateway }),
    content: {
      ...(codes.length > 0 && { 'application/problem+json': problemContent(codes) }),
      ...(isOfGateway && { 'application/json': contentOf(gatewayRefusal.content) }),
    },
  };
}

const problemContent = (codes: readonly ProblemCode[]): Json => ({
  schema: {
    allOf: [schemaOf(problemDocument), { properties: { code: { enum: codes } } }],
  },
  examples: Object.fromEntries(
    codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]),
  ),
});

function problemHeaders(code: ProblemCode): ResponseHeader[] {
  const { status, retry } = problemKinds[code];
  if (status === 401) return ['WWW-Authenticate'];
  if (status === 429) return ['Retry-After', 'RateLimit', 'RateLimit-Policy'];
  // There is room again in the next window, if the counter has one.
  const comesBack = code === 'out_of_bounds';
  return retry === 'no' && !comesBack ? [] : ['Retry-After'];
}

/** A header that only some answers with this status have is not required there. */
function problemHeadersOf(
  codes: readonly ProblemCode[],
  { isOfGateway }: { isOfGateway: boolean },
): Json {
  const byCode = codes.map(problemHeaders);
  const names = [...new Set(byCode.flat())];
  // A request that would count again by being repeated is not told when to repeat it.
  const mayLack = codes.some((code) => problemKinds[code].retry !== 'yes');
  const isAlways = (name: ResponseHeader) =>
    !isOfGateway &&
    byCode.every((headers) => headers.includes(name)) &&
    !(name === 'Retry-After' && mayLack);
  const { headers = {} } = headersNamed(names.filter(isAlways)) as { headers?: Json };
  const sometimes = names
    .filter((name) => !isAlways(name))
    .map((name) => [name, headerOf({ ...responseHeaders[name], required: false })] as const);
  return names.length === 0 ? {} : { headers: { ...headers, ...Object.fromEntries(sometimes) } };
}

export const problemExample = (code: ProblemCode): Json => ({
  summary: problemKinds[code].title,
  value: JSON.parse(problem(new Problem(code, problemKinds[code].cause)).body ?? ''),
});
