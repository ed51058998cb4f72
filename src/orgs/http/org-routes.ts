/** Orgs: who exists, and what each may have. */
import { jsonBody } from "#http/request-body.ts";
import { changeOrg } from "#orgs/change-org.ts";
import { createOrg, currentOrg } from "#orgs/create-org.ts";
import { deleteOrg } from "#orgs/delete-org.ts";
import { newSettings, patchSettings } from "#orgs/org-settings.ts";
import { type AppRoute, route } from "./access.ts";
import { operatorOf } from "./operator-of.ts";
import { createOrgBody, OrgSchema, orgJson, patchOf, patchOrgBody } from "./org-json.ts";

/**
 * A body has a dozen short fields and 40 names of attributes of 128 characters at most: 16
 * KiB is over twice that.
 */
const LIMIT = { bytesMax: 16_384 };
const ORG = { "application/json": OrgSchema };

export const orgRoutes: readonly AppRoute[] = [
  route(
    {
      method: "post",
      path: "/v1/orgs",
      operationId: "createOrg",
      summary: "Create an org",
      description: "A deleted org's name is never given again.",
      scope: "administrator",
      body: jsonBody(createOrgBody, LIMIT),
      answers: { 201: { description: "The org", content: ORG } },
      problems: [409],
    },
    async (c, { body }) => {
      const { tier, entitlements } = patchOf(body);
      const settings = patchSettings(newSettings(body.tier), {
        ...(tier && { tier }),
        ...(entitlements && { entitlements }),
      });
      const org = await createOrg(c.env, { org: body.org, settings }, operatorOf(c, body.org));
      return c.json(orgJson(org), 201, { location: `/v1/orgs/${org.org}` });
    },
  ),
  route(
    {
      method: "get",
      path: "/v1/orgs/:org",
      operationId: "getOrg",
      summary: "An org: tier, entitlements, limits and retention",
      scope: "org:admin",
      answers: { 200: { description: "The org", content: ORG } },
    },
    async (c) => c.json(orgJson(await currentOrg(c.env, c.var.org.org))),
  ),
  route(
    {
      method: "patch",
      path: "/v1/orgs/:org",
      operationId: "changeOrg",
      summary: "Change an org",
      description:
        "Absent members stay as they are, null takes a value back to its default. Tier, " +
        "entitlements, limits and `retention.audit_days` are the administrator's (403 for others); " +
        "the other retentions an org may set itself, up to its tier's (400 beyond). A change of tier " +
        "drops the overrides that exceed the new tier's retention, unless it sets them anew. " +
        "`retention.audit_days` is the tier's or longer (400 below it); a shorter one than before holds " +
        "for later audit entries only. " +
        "`limits.requests_per_minute` and `limits.bytes_per_minute` hold for each token of the org, a " +
        "minute's worth at once, and have defaults by tier; beyond them 429. They shed load in each " +
        "isolate, and are no quotas.",
      scope: "org:admin",
      body: jsonBody(patchOrgBody, LIMIT),
      answers: { 200: { description: "The org as changed", content: ORG } },
      problems: [409],
    },
    async (c, { body }) => {
      const { org, principal } = c.var;
      const isAdministrator = principal.kind === "administrator";
      await changeOrg(c.env, org, patchOf(body), { ...operatorOf(c, org.org), isAdministrator });
      return c.json(orgJson(await currentOrg(c.env, org.org)));
    },
  ),
  route(
    {
      method: "delete",
      path: "/v1/orgs/:org",
      operationId: "deleteOrg",
      summary: "Delete an org",
      description:
        "Its tokens are revoked and its writes refused at once; its data is then removed.",
      scope: "administrator",
      answers: { 202: { description: "The org, being deleted", content: ORG } },
    },
    async (c) => {
      const { org } = c.var;
      return c.json(orgJson(await deleteOrg(c.env, org, operatorOf(c, org.org))), 202);
    },
  ),
];
