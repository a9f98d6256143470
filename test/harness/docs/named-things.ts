/** What a document names that a reader will look for: files, npm scripts and environment variables. */
import { posix } from 'node:path';

/** What exists. */
export interface Things {
  /** Paths of files and folders in the repository, with `/`. */
  readonly files: readonly string[];
  readonly scripts: readonly string[];
  /** Whether our code reads or sets an environment variable. */
  readonly knowsVariable: (name: string) => boolean;
  /** The text of a document, for the headings that links lead to. */
  readonly read: (file: string) => string;
}

const fileName = /^[\w@.-]+\.(?:ts|mjs|js|md|json|sh|yml)$/;
const variableName = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g;
const variableSpan = /^[A-Z][A-Z0-9]+$/;
/** Code in capitals that is not a variable: HTTP methods and DynamoDB's keywords. */
const keywords = new Set(['ADD', 'DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT', 'REMOVE', 'SET']);

/**
 * Checks one document.
 *
 * @param file its path in the repository
 * @returns a sentence for everything that it names and that does not exist
 */
export function checkNamedThings(file: string, markdown: string, things: Things): string[] {
  const prose = markdown.replaceAll(/^```.*?^```/gms, '');
  const blocks = [...markdown.matchAll(/^```\w*\n(.*?)^```/gms)].map(([, code = '']) => code);
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  const code = [...blocks, ...spans].join('\n');
  const problems = [
    ...spans.filter((span) => !isKnownPath(span, things)).map((span) => `names ${span}`),
    ...linksIn(prose).filter((link) => !leadsSomewhere(file, link, things)),
    ...scriptsIn(code).filter((script) => !things.scripts.includes(script)),
    ...variablesIn(code, spans).filter((name) => !things.knowsVariable(name)),
  ];
  return problems.map((problem) => `${file}: ${problem}`);
}

/** A file by its path, or by its name alone where the path was said before; a folder ends in `/`. */
function isKnownPath(span: string, { files }: Things): boolean {
  const path = span.replace(/^(?:\.\/|\.\.\/)+/, '');
  if (/[*<>{}$\s]/.test(path) || path.startsWith('/')) return true;
  if (path.endsWith('/')) return files.some((it) => `${it}/`.startsWith(path));
  const name = posix.basename(path);
  if (!fileName.test(name)) return true;
  return files.some((it) => it === path || it.endsWith(`/${path}`));
}

const linksIn = (prose: string): string[] =>
  [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));

function leadsSomewhere(file: string, link: string, { files, read }: Things): boolean {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? file : posix.join(posix.dirname(file), path);
  if (!files.includes(target)) return false;
  return heading === undefined || headingsIn(read(target)).includes(heading);
}

/** Headings as GitHub makes anchors of them. */
const headingsIn = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(/\s/g, '-'),
  );

function scriptsIn(code: string): string[] {
  const named = [...code.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, script = '']) => script);
  const short = [...code.matchAll(/\bnpm (start|test)\b/g)].map(([, script = '']) => script);
  return [...named, ...short];
}

function variablesIn(code: string, spans: readonly string[]): string[] {
  const underscored = code.match(variableName) ?? [];
  const alone = spans.filter((span) => variableSpan.test(span) && !keywords.has(span));
  const assigned = [...code.matchAll(/\b([A-Z][A-Z0-9_]*)=\S* +(?:\w+=\S* +)*(?:npm|npx)\b/g)].map(
    ([, name = '']) => name,
  );
  return [...underscored, ...alone, ...assigned];
}
