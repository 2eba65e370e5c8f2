import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { SCRIPT, STYLE } from './style.ts';

/** Markup that is safe to stand in a page as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | undefined | false | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Makes markup; whatever is put into it is escaped, unless it is markup itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, index) => text + render(parts[index])).join(''));
}

function render(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(render).join('');
  return String(part).replace(/[&<>"']/g, (symbol) => ENTITIES[symbol] ?? '');
}

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

// Only this script and this style, no matter what a name may have smuggled into the page.
const POLICY = [
  "default-src 'none'",
  `script-src ${hash(SCRIPT)}`,
  `style-src ${hash(STYLE)}`,
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 2 2'%3E%3Cpath fill='%230072b2' d='M0 0h1v1H0z'/%3E" +
  "%3Cpath fill='%23e69f00' d='M1 0h1v1H1z'/%3E%3Cpath fill='%23e69f00' d='M0 1h1v1H0z'/%3E%3Cpath fill='%230072b2' d='M1 1h1v1H1z'/%3E%3C/svg%3E";

export interface Page {
  readonly title: string;
  readonly main: Html;
  /** After how many milliseconds the page looks for news. */
  readonly refreshMs?: number | undefined;
}

export function sendPage(response: Response, { title, main, refreshMs }: Page, status = 200): void {
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${ICON}">
<style>${new Html(STYLE)}</style>
<header><a class="brand" href="/"><i></i>xorflow</a><nav><a href="/">Experiments</a><a href="/trials">Trials</a><a href="/openapi.json">API</a><a href="/asyncapi.json">Events</a></nav></header>
<main${refreshMs !== undefined && html` data-refresh="${refreshMs}"`}>
${main}
</main>
<script>${new Html(SCRIPT)}</script>
</html>
`;
  response
    .status(status)
    .set({ 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
    .type('text/html')
    .send(page.text);
}
