/**
 * A process as Lambda makes one for a function: loads the bundle in the folder of its first argument
 * and answers every event that its parent sends, in order.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Context } from 'aws-lambda';
import { lambdaContext } from './api-event.ts';

type Handler = (event: unknown, context: Context) => Promise<unknown>;

const file = pathToFileURL(join(process.argv[2] ?? '', 'index.mjs')).href;
const { handler } = (await import(file)) as { handler: Handler };

process.on('message', (event) => {
  handler(event, lambdaContext()).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.send?.('ready');
