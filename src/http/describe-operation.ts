/**
 * A route's entry in the OpenAPI document, beside the route. What every route shares (the problems
 * it may answer, the security of its scope, the parameters of a list) is added here, so that a route
 * says only what is its own:
 *
 *     .get("/", describeOperation({
 *       summary: "…", scope: "telemetry:read", query: listQuery({ plugin: "…" }),
 *       answers: { 200: { description: "…", schema: InvocationsSchema } },
 *     }), authorize("telemetry:read"), handler)
 */
import type { MiddlewareHandler } from "hono";
import { type DescribeRouteOptions, describeRoute } from "hono-openapi";
import type { TSchema } from "typebox";
import type { Scope } from "#orgs/principal.ts";

type Responses = NonNullable<DescribeRouteOptions["responses"]>;
type Parameters = NonNullable<DescribeRouteOptions["parameters"]>;
type ProblemStatus = keyof typeof PROBLEMS;

interface Answer {
  description: string;
  schema?: TSchema;
  /** Default `application/json`. */
  mediaType?: string;
}

interface Operation {
  summary: string;
  description?: string;
  /** Null: no token is asked for. `administrator`: MCPG_ADMIN_TOKEN. */
  scope: Scope | "administrator" | null;
  query?: Parameters;
  body?: TSchema;
  answers: Record<number, Answer>;
  /** Besides those that follow from the scope (401, 403, 404, 429, 503) and the body (400, 413, 415). */
  problems?: ProblemStatus[];
}

const PROBLEMS = {
  400: "Malformed or invalid; `errors` points at what is wrong",
  401: "No token, or an unknown, expired or revoked one",
  403: "The token's org, but a scope is missing",
  404: "Not there, or not this token's to see",
  409: "In conflict with what is there",
  410: "No longer there",
  413: "The body is too large",
  415: "The body's type, charset or encoding is not supported",
  429: "Too many requests; see Retry-After",
  500: "An internal error",
  503: "Cannot answer now; see Retry-After",
} as const;

export function describeOperation(operation: Operation): MiddlewareHandler {
  const { summary, description, scope, query, body } = operation;
  return describeRoute({
    summary,
    ...(description !== undefined && { description }),
    ...(scope !== null && { security: [{ bearer: [scope] }] }),
    ...(query !== undefined && { parameters: query }),
    ...(body !== undefined && { requestBody: { required: true, content: contentOf(body) } }),
    responses: { ...answersOf(operation.answers), ...problemsOf(operation) },
  });
}

/** The parameters of a list, `limit` and `cursor` added to its filters: name → description. */
export function listQuery(filters: Record<string, string> = {}): Parameters {
  return queryParameters({
    ...filters,
    limit: "Items a page, 1 to 1000; default 100",
    cursor: "`next_cursor` of the page before",
  });
}

export function queryParameters(descriptions: Record<string, string>): Parameters {
  return Object.entries(descriptions).map(([name, description]) => ({
    in: "query",
    name,
    description,
    schema: { type: "string" },
  }));
}

function contentOf(schema: TSchema, mediaType = "application/json") {
  // typebox schemas are JSON Schema 2020-12, which is OpenAPI 3.1's; only the types differ.
  return { [mediaType]: { schema: schema as object } };
}

function answersOf(answers: Record<number, Answer>): Responses {
  const entries = Object.entries(answers).map(([status, { description, schema, mediaType }]) => [
    status,
    { description, ...(schema !== undefined && { content: contentOf(schema, mediaType) }) },
  ]);
  return Object.fromEntries(entries);
}

function problemsOf({ scope, body, problems = [] }: Operation): Responses {
  const fromScope: ProblemStatus[] = scope === null ? [] : [401, 403, 404, 429];
  const fromBody: ProblemStatus[] = body === undefined ? [] : [400, 413, 415];
  const statuses = new Set<ProblemStatus>([...fromScope, ...fromBody, ...problems, 500, 503]);
  const content = {
    "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
  };
  const entries = [...statuses].map((status) => [
    status,
    { description: PROBLEMS[status], content },
  ]);
  return Object.fromEntries(entries);
}
