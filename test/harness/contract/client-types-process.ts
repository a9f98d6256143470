/**
 * Prints the TypeScript types that openapi-typescript makes of the OpenAPI document in the file of the
 * first argument. The generator gets a compiler of its own, so it runs in a process of its own.
 */
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

const compiler = new URL('bundled-compiler.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    specifier === 'typescript'
      ? { url: compiler, shortCircuit: true }
      : nextResolve(specifier, context),
});

const { astToString, default: openapiTypescript } = await import('openapi-typescript');
const nodes = await openapiTypescript(pathToFileURL(process.argv[2] ?? ''));
process.stdout.write(astToString(nodes));
