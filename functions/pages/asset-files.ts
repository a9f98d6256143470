/** Reads the files that pages load. Each is read once per container. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Asset } from './assets.ts';

/** In Lambda the files are beside the bundle (lib/counter-function.ts), in a checkout at their source. */
const besideBundle = join(import.meta.dirname, 'assets');
const projectRoot = join(import.meta.dirname, '../..');
const fileOf: (asset: Asset) => string = existsSync(besideBundle)
  ? ({ source }) => join(besideBundle, basename(source))
  : ({ source }) => join(projectRoot, source);

const texts = new Map<Asset, string>();

/** @throws if the file is missing */
export async function readAsset(asset: Asset): Promise<string> {
  const text = texts.get(asset) ?? (await readFile(fileOf(asset), 'utf8'));
  texts.set(asset, text);
  return text;
}
