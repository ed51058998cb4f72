/** `GET /openapi.json`: the contract as the routes state it, so that it cannot say anything else. */
import type { Hono, MiddlewareHandler } from "hono";
import { openAPIRouteHandler } from "hono-openapi";
import * as Type from "typebox";
import type { AppEnv } from "#orgs/http/app-env.ts";

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
  { description: "RFC 9457" },
);

const DOCUMENTATION = {
  openapi: "3.1.0",
  info: {
    title: "MCPG control plane",
    version: "1",
    description:
      "Observability for MCP gateways: exact fleet metrics, rollups, and who may see them. " +
      "Times are RFC 3339 in UTC with milliseconds; requests may also give epoch milliseconds.",
  },
  components: {
    schemas: { Problem: ProblemSchema as object },
    securitySchemes: {
      bearer: {
        type: "http" as const,
        scheme: "bearer",
        description:
          "A service token (mcpgst_…) with the scope named, or the deployment's administrator " +
          "token, which may do everything but view payloads.",
      },
    },
  },
};

export function openapi(app: Hono<AppEnv>): MiddlewareHandler<AppEnv> {
  return openAPIRouteHandler<AppEnv>(app, {
    documentation: DOCUMENTATION,
    // Its default leaves out a path with a dot in it, /openapi.json itself among them.
    excludeStaticFile: false,
  });
}
