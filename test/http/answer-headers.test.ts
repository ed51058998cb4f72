import { describe, expect, it } from "vitest";
import { appOf, routes } from "#app.ts";
import type { AppRoute } from "#orgs/http/access.ts";
import { workerEnv } from "../harness/deployment.ts";

const named = routes.map(
  (route) => [`${route.statement.method} ${route.statement.path}`, route] as [string, AppRoute],
);
const PARAMETER = /:\w+(\{[^}]*\})?/g;

async function refused({ statement }: AppRoute): Promise<Response> {
  const path = statement.path.replace(":org", "nobodys").replaceAll(PARAMETER, "1");
  const request = new Request(`https://mcpg.test${path}`, {
    method: statement.method.toUpperCase(),
  });
  return appOf(routes).fetch(request, workerEnv);
}

/** As the route's handler would answer that says nothing of caches. */
async function answered(route: AppRoute): Promise<Response> {
  const statement = { ...route.statement, scope: null, alsoBy: undefined };
  const handle = async () =>
    new Response("{}", { headers: { "content-type": "application/json" } });
  const open = { ...route, statement, handle } as unknown as AppRoute;
  const path = statement.path.replaceAll(PARAMETER, "1");
  const request = new Request(`https://mcpg.test${path}`, {
    method: statement.method.toUpperCase(),
  });
  return appOf([open]).fetch(request, workerEnv);
}

describe("Every answer", () => {
  it.each(named)(
    "of %s says that its type is no guess, and what is an org's is not kept",
    async (_, route) => {
      const isOrgs = route.statement.path.startsWith("/v1/");
      for (const response of [await refused(route), await answered(route)]) {
        expect(response.headers.get("x-content-type-options")).toBe("nosniff");
        if (isOrgs) expect(response.headers.get("cache-control")).toBe("no-store");
      }
    },
  );

  it("to a path that there is not has them too", async () => {
    const { headers } = await appOf(routes).fetch(
      new Request("https://mcpg.test/v1/nothing"),
      workerEnv,
    );
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
  });
});
