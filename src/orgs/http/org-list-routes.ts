/** Which orgs there are, for whoever asks. */

import type { Context } from "hono";
import * as Type from "typebox";
import { cursor, cursorFormat, limit, pageOf } from "#http/pagination.ts";
import { lookUpOrg } from "#orgs/directory.ts";
import { DEFAULT_ORG, type Org } from "#orgs/org.ts";
import { findActiveOrgs } from "#orgs/store/orgs.ts";
import { TIERS } from "#orgs/tier.ts";
import { type AppRoute, route } from "./access.ts";
import type { AppEnv } from "./app-env.ts";

const CURSOR = cursorFormat("orgs", ["string"]);

const OrgsSchema = Type.Object({
  orgs: Type.Array(Type.Object({ org: Type.String(), tier: Type.Enum([...TIERS]) })),
  next_cursor: Type.Unsafe<string | null>({ type: ["string", "null"] }),
});

export const orgListRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/orgs",
      operationId: "listOrgs",
      summary: "The orgs that one may see, by name",
      description:
        "A service token's is its own; the administrator's are all, but for deleted ones. The token for metrics, " +
        "which reads those and nothing else, sees none.",
      scope: "any",
      query: { limit, cursor: cursor(CURSOR) },
      answers: { 200: { description: "Orgs", content: { "application/json": OrgsSchema } } },
    },
    async (c, { query }) => {
      const [after] = query.cursor ?? [null];
      const rows = await visibleOrgs(c, { after, limit: query.limit + 1 });
      const { items, nextCursor } = pageOf(rows, query.limit, CURSOR, ({ org }) => [org]);
      const orgs = items.map(({ org, tier }) => ({ org, tier }));
      return c.json({ orgs, next_cursor: nextCursor });
    },
  ),
];

async function visibleOrgs(
  c: Context<AppEnv>,
  page: { after: string | null; limit: number },
): Promise<Org[]> {
  const { principal } = c.var;
  const nowMs = Date.now();
  if (principal.kind === "metrics-reader") return [];
  if (principal.kind === "service-token") {
    const own = await lookUpOrg(c.env, principal.org, nowMs);
    return own?.state === "active" && own.org > (page.after ?? "") ? [own] : [];
  }
  // It exists from the first start: whoever looks for it first makes it so.
  await lookUpOrg(c.env, DEFAULT_ORG, nowMs);
  return findActiveOrgs(c.env.DIRECTORY, page);
}
