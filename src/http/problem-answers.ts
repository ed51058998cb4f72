/** What every route may answer besides its own: problems (RFC 9457), by what it asks for and takes. */
import * as Type from "typebox";
import type { AccessTerms, Content, Described, ProblemStatus } from "./route.ts";

const ACCEPT_ENCODING = {
  "Accept-Encoding": {
    schema: { type: "string" },
    description: "The encodings that are, where the encoding is not",
  },
};
const RETRY_AFTER = { "Retry-After": { schema: { type: "integer" }, description: "Seconds" } };

export const PROBLEMS: Readonly<Record<ProblemStatus, { description: string; headers?: object }>> =
  {
    400: { description: "Malformed or invalid; `errors` points at what is wrong" },
    401: { description: "No token, or an unknown, expired or revoked one" },
    403: { description: "The token's org, but a scope is missing" },
    404: { description: "Not there, or not this token's to see" },
    409: { description: "In conflict with what is there" },
    410: { description: "No longer there" },
    413: { description: "The body is too large" },
    415: {
      description:
        "The body's type or charset is not supported, or its Content-Encoding is neither gzip nor zstd",
      headers: ACCEPT_ENCODING,
    },
    429: { description: "Too many requests; see Retry-After", headers: RETRY_AFTER },
    500: { description: "An internal error" },
    503: { description: "Cannot answer now; see Retry-After", headers: RETRY_AFTER },
  };

const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: "urn:mcpg:problem:<code>" }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String({ description: "Stable, snake_case" }),
    request_id: Type.String(),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({ description: "RFC 6901" }),
          message: Type.String(),
        }),
      ),
    ),
  },
  { title: "Problem", description: "RFC 9457" },
);

export const PROBLEM_CONTENT: Content = { "application/problem+json": ProblemSchema };

interface Stated extends AccessTerms, Described {
  readonly query?: object;
  readonly body?: object;
}

/** The statuses of the problems that a route may answer, in ascending order. */
export function problemStatusesOf({ scope, query, body, problems = [] }: Stated): ProblemStatus[] {
  const statuses: ProblemStatus[] = [...problems, 500, 503];
  if (scope !== null) statuses.push(401, 403, 404, 429);
  if (query !== undefined) statuses.push(400);
  if (body !== undefined) statuses.push(400, 413, 415);
  return [...new Set(statuses)].sort((a, b) => a - b);
}
