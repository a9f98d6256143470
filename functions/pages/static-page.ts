/**
 * Pages that are the same for everybody. Each has a Content-Security-Policy with the hashes of its own
 * style and script: nothing else runs in it, and it loads from this server only.
 */
import { createHash } from 'node:crypto';

export interface StaticPage {
  readonly title: string;
  readonly style: string;
  readonly script?: string;
  /** More elements for the head. */
  readonly head?: string;
  readonly body: string;
  /** Directives for what the page loads from this server. */
  readonly loads?: Readonly<Record<string, string>>;
}

/** A page as it is sent. */
export interface RenderedPage {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function renderPage(page: StaticPage): RenderedPage {
  const { title, style, script, head = '', body } = page;
  const html = `<!doctype html>
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
  return {
    html,
    headers: {
      'cache-control': pageCacheControl,
      'content-security-policy': policyOf(page),
    },
  };
}

/** Pages change only with a deployment. */
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
