/** The page of a counter, for people who open its address in a browser. Its script keeps it live. */

import { escapeHtml } from './static-page.ts';

export interface ShownCounter {
  readonly subject: string;
  readonly counter: string;
  readonly count: number;
  /** The count of each choice; only reactions have it. */
  readonly choices?: Readonly<Record<string, number>>;
  /** The window that a count is of; left out if that is all time. */
  readonly window?: string;
  readonly version: number;
  readonly updated_at: string | null;
}

export function counterPage(shown: ShownCounter): string {
  const { counter, count, choices = {}, window = '', version } = shown;
  const subject = escapeHtml(shown.subject);
  const url = `/v1/${encodeURIComponent(shown.subject)}/${counter}`;
  const { updated_at: updatedAt } = shown;
  const since = updatedAt === null ? 'never changed' : `last changed ${updatedAt}`;
  const rows = Object.entries(choices).map(
    ([choice, chosen]) =>
      `<div><dt>${choice}</dt><dd data-choice="${choice}">${chosen.toLocaleString('en')}</dd></div>`,
  );
  const list = rows.length > 0 ? `<dl>${rows.join('')}</dl>` : '';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${count} ${counter} · ${subject}</title>
<style>
  body { font: 1rem/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 30rem; text-align: center; color-scheme: light dark; }
  output { display: block; font-size: 5rem; font-variant-numeric: tabular-nums; line-height: 1.1; }
  dl { display: flex; flex-wrap: wrap; justify-content: center; gap: 0.5rem 1.5rem; }
  dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; }
</style>
<main>
  <h1>${subject} · ${counter}</h1>
  <output data-url="${url}" data-window="${window}" data-version="${version}" data-updated-at="${updatedAt ?? ''}">${count.toLocaleString('en')}</output>
  ${list}
  <p id="updated">${since}</p>
</main>
<script type="module" src="/assets/live-counter.js"></script>
</html>
`;
}
