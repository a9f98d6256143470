/** Unpacks the shipped Chromium, its libraries and its font into the temporary folder. */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflate } from '@sparticuz/chromium';

const archives = new URL('../bin/', import.meta.resolve('@sparticuz/chromium'));
const names = ['chromium.br', 'al2023.tar.br', 'fonts.tar.br'];
await Promise.all(names.map((name) => inflate(fileURLToPath(new URL(name, archives)))));

// The package's own file looks for the font under /tmp.
const fontConfiguration = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;
await writeFile(join(tmpdir(), 'fonts.conf'), fontConfiguration);
