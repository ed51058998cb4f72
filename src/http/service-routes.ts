/** What says which service this is: for whoever has nothing but its address. */
import * as Type from "typebox";
import { COMPATIBILITY_DATE, deployedCommit, SERVICE_NAME, VERSION } from "#platform/version.ts";
import type { HttpEnv } from "./http-env.ts";
import { type AccessTerms, type Route, routeOf } from "./route.ts";

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

export function serviceRoutes<Env extends HttpEnv, Access extends AccessTerms>(
  open: Access,
): Route<Env, Access>[] {
  const route = routeOf<Env, Access>();
  return [
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
