/** Pages for people: HTML without scripts, of which nothing is loaded from anywhere. */
import { encodeBase64 } from "#formats/base64.ts";
import { sha256 } from "#formats/sha256.ts";

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }
code, pre { font: 14px/1.45 ui-monospace, monospace; background: #f3f3f3 } pre { overflow: auto; padding: .75rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid #ddd }
h2 { margin-top: 2.5rem; border-top: 1px solid #ddd; padding-top: 1rem; overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #161616 } code, pre { background: #262626 } a { color: #8ab4f8 } }
`;

const STYLE_HASH = encodeBase64(sha256(new TextEncoder().encode(STYLE)));

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  // The one style sheet, by its hash: what might get into the text is not run, sent or framed.
  "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

/** `content` is HTML: texts in it went through `escapeHtml`. */
export function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body>${content}</body></html>
`;
}

export function pageResponse(html: string, headers: Record<string, string> = {}): Response {
  return new Response(html, { headers: { ...HEADERS, ...headers } });
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
