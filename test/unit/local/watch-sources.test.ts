import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type SourceWatch, watchSources } from '../../../local/watch-sources.ts';

const deadline = { timeout: 120_000, interval: 20 };
let root: string;
let watch: SourceWatch;
const changed: string[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tally-sources-'));
  mkdirSync(join(root, 'functions', 'http'), { recursive: true });
  writeFileSync(join(root, 'tally.config.ts'), '');
  watch = watchSources(root, ['functions', 'tally.config.ts'], (file) => changed.push(file));
});

afterEach(() => {
  watch.close();
  changed.length = 0;
  rmSync(root, { recursive: true });
});

test.each(['functions/http/site.ts', 'functions/new.ts', 'tally.config.ts'])(
  'a change of %s is told, by its name',
  async (file) => {
    writeFileSync(join(root, file), 'changed');
    await vi.waitFor(() => expect(changed).toContain(file), deadline);
  },
);

test('a file in a folder that was made later is watched, too', async () => {
  mkdirSync(join(root, 'functions', 'pages'));
  await vi.waitFor(() => expect(changed).toContain('functions/pages'), deadline);
  writeFileSync(join(root, 'functions/pages/page.css'), 'changed');
  await vi.waitFor(() => expect(changed).toContain('functions/pages/page.css'), deadline);
});
