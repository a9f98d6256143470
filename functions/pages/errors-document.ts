/** Every error code for people to read: as the page that the `type` of a problem leads to, and as Markdown. */
import { escapeHtml, type StaticPage } from './static-page.ts';

/** What there is to say about a code. */
export interface ErrorText {
  readonly status: number;
  readonly title: string;
  readonly cause: string;
  readonly fix: string;
  /** Whether the same request, sent again, may succeed. */
  readonly retry: 'no' | 'yes' | 'same key';
}

/** By code. */
export type ErrorTexts = Readonly<Record<string, ErrorText>>;

const pageTitle = 'Errors of Tally';
const introduction =
  'Errors are problem documents (RFC 9457): `application/problem+json`. The `code` is stable, so programs may branch on it. `detail` says what is wrong with this request. Some codes have more members.';

const retryWords = {
  no: 'no',
  yes: 'yes, after `Retry-After` seconds',
  'same key': 'yes, with the same `Idempotency-Key`',
} as const;

interface Section {
  readonly code: string;
  readonly title: string;
  readonly rows: readonly (readonly [name: string, text: string])[];
}

const sections = (texts: ErrorTexts): Section[] =>
  Object.entries(texts).map(([code, { status, title, cause, fix, retry }]) => ({
    code,
    title,
    rows: [
      ['Status', String(status)],
      ['Cause', cause],
      ['Fix', fix],
      ['Retry', retryWords[retry]],
    ],
  }));

/** docs/errors.md */
export function errorsMarkdown(texts: ErrorTexts): string {
  const parts = sections(texts).map(({ code, title, rows }) =>
    [
      `## ${code}`,
      `${title}.`,
      rows.map(([name, text]) => `- **${name}**: ${text}`).join('\n'),
    ].join('\n\n'),
  );
  const notice = '<!-- Written by `npm run generate` from functions/http/problems.ts. -->';
  return `${[notice, `# ${pageTitle}`, introduction, ...parts].join('\n\n')}\n`;
}

/** GET /docs/errors: one section for each code, with the code as its anchor. */
export function errorsPage(texts: ErrorTexts): StaticPage {
  const codes = sections(texts).map(
    ({ code, title, rows }) => `<section id="${code}">
  <h2><a href="#${code}"><code>${code}</code></a></h2>
  <p>${inline(title)}.</p>
  <dl>${rows.map(([name, text]) => `<dt>${inline(name)}</dt><dd>${inline(text)}</dd>`).join('')}</dl>
</section>`,
  );
  return {
    title: pageTitle,
    style,
    body: `<main>
<h1>${pageTitle}</h1>
<p>${inline(introduction)}</p>
${codes.join('\n')}
</main>`,
  };
}

/** Code spans are the only Markdown in these texts. */
const inline = (text: string): string =>
  escapeHtml(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>');

const style = `
body { font: 1rem/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 46rem; padding: 0 1rem; color-scheme: light dark; }
section { margin-top: 2.5rem; scroll-margin-top: 1rem; }
section:target { outline: 2px solid; outline-offset: 1rem; }
h2 a { color: inherit; text-decoration: none; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; }
`;
