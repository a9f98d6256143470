/** The Lambda handlers. They read the environment when loaded, so it has to be set before. */
import { handler as read } from '../functions/http/read-handler.ts';
import { handler as site } from '../functions/http/site-handler.ts';
import { handler as write } from '../functions/http/write-handler.ts';
import type { HttpHandlers } from './http-server.ts';

export { handler as streamHandler } from '../functions/stream/stream-handler.ts';

export const httpHandlers: HttpHandlers = { read, write, site };
