/**
 * The dashboard's page at every address that it has. Its files are served before the Worker is asked; what is no file
 * comes here, and is the page where the page knows the place. Everything else is 404, a script of another deployment
 * too: were that answered with the page, as "single-page" asset serving does it, under the headers of a file that
 * never changes, a browser would keep it for a year.
 */
import type { Env as Bindings } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { DASHBOARD_HEADERS } from "./dashboard-headers.ts";
import type { HttpEnv } from "./http-env.ts";
import { type AccessTerms, type Route, routeOf } from "./route.ts";

const PAGES = {
  "/": "getDashboard",
  "/orgs/:place{.+}": "getDashboardPlace",
  "/sign-in": "getSignInPage",
  "/style": "getStylePage",
} as const;

/** Served as a file before the Worker is asked, as all assets are: the route states it, and answers where there is none. */
const VERIFIER = "/verify.mjs";

export function dashboardRoutes<Env extends HttpEnv, Access extends AccessTerms>(
  open: Access,
): Route<Env, Access>[] {
  const route = routeOf<Env, Access>();
  const pages = Object.entries(PAGES).map(([path, operationId]) =>
    route(
      {
        ...open,
        method: "get",
        path,
        operationId,
        summary: "The dashboard, at one of its addresses",
        description: "One page without data: what it shows it asks for, as who is signed in to it.",
        answers: { 200: { description: "A page", content: { "text/html": { type: "string" } } } },
        problems: [404],
      },
      (c) => pageOf(c.env, c.req.raw),
    ),
  );
  const verifier = route(
    {
      ...open,
      method: "get",
      path: VERIFIER,
      operationId: "getVerifier",
      summary: "The verifier of audit logs, as one file for Node 20 or later",
      description:
        "`node verify.mjs --help`. Whoever is audited serves it: trust it as far as its SHA-256 is that of one which " +
        "you built (`npm run build`, dist/dashboard/verify.mjs: the same bytes) or were given.",
      answers: { 200: { description: "Text", content: { "text/javascript": { type: "string" } } } },
      problems: [404],
    },
    (c) => c.env.ASSETS?.fetch(c.req.raw) ?? fail({ kind: "not_found" }),
  );
  return [...pages, verifier];
}

/** The page is the same whoever asks: it is asked for without the cookie when a link on another site leads here. */
async function pageOf({ ASSETS: assets }: Bindings, { url, method, headers }: Request) {
  if (assets === undefined) return fail({ kind: "not_found" });
  const tag = headers.get("if-none-match");
  const file = await assets.fetch(new URL("/", url).href, {
    method,
    ...(tag !== null && { headers: { "if-none-match": tag } }),
  });
  if (!file.ok && file.status !== 304) return fail({ kind: "not_found" });
  const answer = new Response(file.body, file);
  for (const [name, value] of Object.entries(DASHBOARD_HEADERS)) answer.headers.set(name, value);
  return answer;
}
