/**
 * Pages that are the same for everybody. Each names its own style and script in its Content-Security-
 * Policy by their hash, so that nothing else can run in it, and it can load from this server only.
 */
import { createHash } from 'node:crypto';
import { type HttpResponse, html } from '../http/responses.ts';

export interface StaticPage {
  readonly title: string;
  readonly style: string;
  readonly script?: string;
  /** Further elements of the head. */
  readonly head?: string;
  readonly body: string;
  /** What the page loads besides, as directives of the policy. */
  readonly loads?: Readonly<Record<string, string>>;
}

/** The answer that carries a page; made once, it may be sent any number of times. */
export function pageResponse(page: StaticPage): HttpResponse {
  const { title, style, script, head = '', body } = page;
  const text = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
${head}<style>${style}</style>
</head>
<body>
${body}
${script === undefined ? '' : `<script>${script}</script>`}
</body>
</html>
`;
  return html(text, {
    'cache-control': pageCacheControl,
    'content-security-policy': policyOf(page),
  });
}

/** They change with a deployment only. */
export const pageCacheControl = 'public, max-age=300';

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function policyOf({ style, script, loads = {} }: StaticPage): string {
  const directives: Record<string, string> = {
    'default-src': "'none'",
    'img-src': 'data:',
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    ...loads,
  };
  const own = { 'style-src': style, 'script-src': script };
  for (const [directive, text] of Object.entries(own)) {
    if (text === undefined) continue;
    directives[directive] = [hashSource(text), loads[directive]].join(' ').trim();
  }
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ');
}

const hashSource = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
