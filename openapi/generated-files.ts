import { problemKinds } from '../functions/http/problems.ts';
import { errorsMarkdown } from '../functions/pages/errors-document.ts';
import { configurationMarkdown } from './configuration-document.ts';
import { createOpenApiDocument } from './openapi-document.ts';

/** The text of every generated file, by its path from the project's root. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['functions/pages/openapi.json', `${JSON.stringify(createOpenApiDocument(), null, 2)}\n`],
    ['docs/errors.md', errorsMarkdown(problemKinds)],
    ['docs/configuration.md', configurationMarkdown()],
  ]);
}
