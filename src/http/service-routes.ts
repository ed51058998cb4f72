/** What says which service this is, and where to look: for whoever has nothing but its address. */
import * as Type from "typebox";
import { parseWeightedList } from "#formats/exposition/accept-header.ts";
import { COMPATIBILITY_DATE, deployedCommit, SERVICE_NAME, VERSION } from "#platform/version.ts";
import type { HttpEnv } from "./http-env.ts";
import { escapeHtml, page, pageResponse } from "./pages.ts";
import { type AccessTerms, type Route, routeOf } from "./route.ts";

const TITLE = "MCPG control plane";

const VERSION_CONTENT = {
  "application/json": Type.Object(
    {
      name: Type.Literal(SERVICE_NAME),
      version: Type.String({ description: "Of the code, as package.json has it" }),
      commit: Type.Union([Type.String({ pattern: "^[0-9a-f]{7,64}$" }), Type.Null()], {
        description: "Of the checkout that was deployed; null where nobody said",
      }),
      compatibility_date: Type.String({ format: "date", description: "Of the Workers runtime" }),
    },
    { title: "Version" },
  ),
};

/** Where to look; `{org}` stands for an org's name. */
const PLACES = {
  reference: { path: "/docs", about: "every call, for people" },
  document: { path: "/openapi.json", about: "every call, for programs (OpenAPI 3.1)" },
  readiness: { path: "/readyz", about: "whether requests can be answered" },
  version: { path: "/version", about: "which code this is" },
  metrics: { path: "/v1/orgs/{org}/metrics", about: "what Prometheus scrapes (metrics:read)" },
  calls: { path: "/v1/orgs/{org}/invocations", about: "what was called (telemetry:read)" },
  audit: { path: "/v1/orgs/{org}/audit", about: "what was allowed (audit:read)" },
} as const;

const PLACES_CONTENT = {
  "application/json": Type.Object(
    {
      name: Type.Literal(SERVICE_NAME),
      version: Type.String(),
      places: Type.Object(
        {
          reference: Type.String(),
          document: Type.String(),
          readiness: Type.String(),
          version: Type.String(),
          metrics: Type.String(),
          calls: Type.String(),
          audit: Type.String(),
        },
        { description: "Paths; `{org}` stands for an org's name" },
      ),
    },
    { title: "Places" },
  ),
  "text/html": Type.String(),
};

const PLACES_JSON = {
  name: SERVICE_NAME,
  version: VERSION,
  places: Object.fromEntries(Object.entries(PLACES).map(([name, { path }]) => [name, path])),
};

const PLACES_PAGE = page(
  TITLE,
  `<h1>${TITLE}</h1>
<p>Observability for MCP gateways: exact fleet metrics and a provable audit log. It serves programs; a dashboard is not here yet.</p>
<table>${Object.values(PLACES)
    .map(({ path, about }) => `<tr><td>${linkOf(path)}</td><td>${escapeHtml(about)}</td></tr>`)
    .join("")}</table>
<p>Calls under <code>/v1</code> need a token: <code>Authorization: Bearer …</code>.</p>`,
);

function linkOf(path: string): string {
  const text = `<code>${escapeHtml(path)}</code>`;
  return path.includes("{") ? text : `<a href="${path}">${text}</a>`;
}

export function serviceRoutes<Env extends HttpEnv, Access extends AccessTerms>(
  open: Access,
): Route<Env, Access>[] {
  const route = routeOf<Env, Access>();
  return [
    route(
      {
        ...open,
        method: "get",
        path: "/",
        operationId: "getPlaces",
        summary: "Where to look",
        answers: { 200: { description: "As JSON or a page, by Accept", content: PLACES_CONTENT } },
      },
      (c) => {
        if (prefersHtml(c.req.header("accept"))) return pageResponse(PLACES_PAGE, VARIES);
        return c.json(PLACES_JSON, 200, VARIES);
      },
    ),
    route(
      {
        ...open,
        method: "get",
        path: "/version",
        operationId: "getVersion",
        summary: "Which code this is",
        answers: { 200: { description: "No secret among it", content: VERSION_CONTENT } },
      },
      (c) =>
        c.json({
          name: SERVICE_NAME,
          version: VERSION,
          commit: deployedCommit(c.env),
          compatibility_date: COMPATIBILITY_DATE,
        }),
    ),
  ];
}

const VARIES = { vary: "Accept" };

/** A browser names HTML; what takes anything is a program. */
function prefersHtml(accept: string | undefined): boolean {
  const ranges = parseWeightedList(accept ?? null);
  const qualityOf = (name: string) => ranges.find((range) => range.name === name)?.quality ?? 0;
  return qualityOf("text/html") > qualityOf("application/json");
}
