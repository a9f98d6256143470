/** Every test fails if an answer that it got deviates from the OpenAPI document. */
import { afterAll, afterEach, expect } from 'vitest';
import { takeDeviations } from './watched-handlers.ts';

const expectNone = () => expect(takeDeviations(), 'deviates from openapi.json').toEqual([]);
afterEach(expectNone);
// What hooks sent after the last test.
afterAll(expectNone);
