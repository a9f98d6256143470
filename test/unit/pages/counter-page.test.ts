import { expect, test } from 'vitest';
import { matchRoute } from '../../../functions/http/match-route.ts';
import { counterPage } from '../../../functions/pages/counter-page.ts';

const counter = { counter: 'likes', count: 7, version: 7, updated_at: null };

test.each(['ana&copy@example.com', 'user#1234', 'what?', 'a{b}+c', "o'brien"])(
  'the page of a counter shows its subject as text, and reads its own address: %s',
  (subject) => {
    const page = counterPage({ ...counter, subject });
    const [, shown = ''] = /<h1>(.*) · likes<\/h1>/.exec(page) ?? [];
    expect(shown.replaceAll('&amp;', '&')).toBe(subject);
    expect(shown).not.toMatch(/&(?!amp;)/);
    const [, address = ''] = /data-url="([^"]*)"/.exec(page) ?? [];
    const { pathname, search, hash } = new URL(address, 'https://tally.test');
    expect(search + hash).toBe('');
    expect(matchRoute('GET', pathname)).toMatchObject({ params: { subject, counter: 'likes' } });
  },
);
