/** `GET /openapi.json` and `GET /docs`: the contract as the routes state it, so that they cannot say anything else. */
import { openApiDocument } from "#http/openapi.ts";
import { pageResponse } from "#http/pages.ts";
import { type ReferenceDocument, referencePage } from "#http/reference-page.ts";
import { ORG_NAME_PATTERN } from "#orgs/org.ts";
import { type Access, type AppRoute, route } from "./access.ts";
import { SESSION_COOKIE } from "./session-cookie.ts";
import { mayUseSession } from "./session-use.ts";

const INFO = {
  title: "MCPG control plane",
  version: "1",
  license: { name: "MIT", identifier: "MIT" },
  description:
    "Observability for MCP gateways: exact fleet metrics, rollups, traces, and a provable audit ledger. " +
    "Times are RFC 3339 in UTC with milliseconds; requests may also give epoch milliseconds. " +
    "After no answer, 429, 500, 502, 503 or 504 send the same request again, after the seconds of " +
    "Retry-After where there are some: resending changes nothing. No other status gets better by itself.",
};

const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description:
      "A service token (mcpgst_…) with the scope named, or the deployment's administrator " +
      "token, which may do everything but view payloads.",
  },
  administrator: {
    type: "http",
    scheme: "bearer",
    description: "The deployment's administrator token (MCPG_ADMIN_TOKEN), and no service token.",
  },
  "deployment-metrics": {
    type: "http",
    scheme: "bearer",
    description:
      "The deployment's token for metrics (MCPG_METRICS_TOKEN) or its administrator's, and no service token.",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: SESSION_COOKIE,
    description:
      "A session of the dashboard (POST /v1/session), which may do what its token may, for the service's own pages: " +
      "other requests than GET, and those that leave an entry, need `Sec-Fetch-Site: same-origin`, or else an " +
      "`Origin` that is this one. An Authorization header has it ignored.",
  },
  jwt: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description:
      "An access token of an issuer that the org set (PUT /v1/orgs/{org}/identity), for the URL that is " +
      "called; where it carries scopes, the one named is among them.",
  },
};

const TERMS = {
  info: INFO,
  securitySchemes: SECURITY_SCHEMES,
  securityOf,
  pathParameters: { org: { type: "string", pattern: ORG_NAME_PATTERN } },
};

function securityOf(asked: string): object[] {
  const scope = asked as NonNullable<Access["scope"]>;
  if (scope === "any") return [{ bearer: [] }, { session: [] }];
  if (Object.hasOwn(SECURITY_SCHEMES, scope)) {
    const isAlsoSession = scope !== "session" && mayUseSession({ scope });
    return [{ [scope]: [] }, ...(isAlsoSession ? [{ session: [scope] }] : [])];
  }
  return [{ bearer: [scope] }, ...(mayUseSession({ scope }) ? [{ session: [scope] }] : [])];
}

const CACHED = { "cache-control": "public, max-age=300" };

/** Both are made when they are first asked for, once in each isolate. */
export function documentRoutes(others: readonly AppRoute[]): AppRoute[] {
  let text: string | null = null;
  let html: string | null = null;
  const own: AppRoute[] = [
    route(
      {
        method: "get",
        path: "/openapi.json",
        operationId: "getDocument",
        summary: "This document",
        scope: null,
        answers: {
          200: { description: "OpenAPI 3.1", content: { "application/json": { type: "object" } } },
        },
      },
      (c) => {
        text ??= JSON.stringify(documentOf());
        return c.body(text, 200, { "content-type": "application/json" });
      },
    ),
    route(
      {
        method: "get",
        path: "/docs",
        operationId: "getReference",
        summary: "The reference for people: this document as a page",
        scope: null,
        answers: { 200: { description: "A page", content: { "text/html": { type: "string" } } } },
      },
      () => {
        html ??= referencePage(documentOf());
        return pageResponse(html, CACHED);
      },
    ),
  ];
  const documentOf = () => openApiDocument([...others, ...own], TERMS) as ReferenceDocument;
  return own;
}
