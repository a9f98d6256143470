/** Every error code for people to read: as the page that `type` of a problem leads to, and as Markdown. */
import { type ProblemCode, problemKinds } from '../http/problems.ts';
import { escapeHtml, type StaticPage } from './static-page.ts';

const pageTitle = 'Errors of Tally';
const introduction =
  'Errors are problem documents (RFC 9457): `application/problem+json`. The `code` is stable, so programs may branch on it; `detail` says what is wrong with the request at hand. Other members depend on the code.';

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

function sections(): Section[] {
  return (Object.keys(problemKinds) as ProblemCode[]).map((code) => {
    const { status, title, cause, fix, retry } = problemKinds[code];
    return {
      code,
      title,
      rows: [
        ['Status', String(status)],
        ['Cause', cause],
        ['Fix', fix],
        ['Retry', retryWords[retry]],
      ],
    };
  });
}

/** docs/errors.md */
export function errorsMarkdown(): string {
  const parts = sections().map(({ code, title, rows }) =>
    [
      `## ${code}`,
      `${title}.`,
      rows.map(([name, text]) => `- **${name}**: ${text}`).join('\n'),
    ].join('\n\n'),
  );
  const notice = '<!-- Written by `npm run generate` from functions/http/problems.ts. -->';
  return `${[notice, `# ${pageTitle}`, introduction, ...parts].join('\n\n')}\n`;
}

/** GET /docs/errors: one section a code, its anchor the code. */
export function errorsPage(): StaticPage {
  const codes = sections().map(
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

/** The one piece of Markdown that these texts use. */
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
