/**
 * Prints the TypeScript types that openapi-typescript makes of the OpenAPI document in the file of the
 * first argument. The generator needs the compiler's JavaScript interface, which TypeScript 7 does not
 * have, so it gets the last version that has one. It runs in a process of its own because of that.
 */
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    nextResolve(specifier === 'typescript' ? 'typescript-api' : specifier, context),
});

const { astToString, default: openapiTypescript } = await import('openapi-typescript');
const nodes = await openapiTypescript(pathToFileURL(process.argv[2] ?? ''));
process.stdout.write(astToString(nodes));
