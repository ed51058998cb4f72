/**
 * What the dashboard's page is served with, by the asset server (scripts/build-dashboard.ts writes its `_headers`) and
 * by the Worker alike. Names of tools and of people are strangers' texts: should one ever get to be markup, it runs
 * nothing, sends nothing and is framed by nobody. Trusted Types leave one way to a script's address, the one of the
 * worker that checks proofs (src/dashboard/proof/worker-url.ts).
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types mcpg-worker",
];

export const DASHBOARD_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY.join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
};
