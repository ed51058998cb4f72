/** Orgs: who exists, and what each may have. */
import { type Context, Hono } from "hono";
import { describeOperation } from "#http/describe-operation.ts";
import { parseJsonBody } from "#http/read-body.ts";
import { validate } from "#http/validate.ts";
import { forgetOrg, lookUpOrg } from "#orgs/directory.ts";
import type { Org } from "#orgs/org.ts";
import {
  needsAdministrator,
  newSettings,
  type OrgPatch,
  type OrgSettings,
  patchSettings,
  retentionBeyondOrg,
} from "#orgs/org-settings.ts";
import type { Principal } from "#orgs/principal.ts";
import {
  closeOrg,
  findOrg,
  findOrgSettings,
  insertOrg,
  updateOrgSettings,
} from "#orgs/store/orgs.ts";
import { type Env, shardDatabase, shardForNewOrg } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import type { AppEnv } from "./app-env.ts";
import { authenticated } from "./authenticate.ts";
import { administratorOnly, authorize, requireAdministrator } from "./authorize.ts";
import { actionOf } from "./operator-action.ts";
import {
  CreateOrgSchema,
  createOrgBody,
  OrgSchema,
  orgBody,
  PatchOrgSchema,
  patchOf,
  patchOrgBody,
  RETENTION_NAMES,
} from "./org-json.ts";

/** A dozen short fields: 16 KiB is ten times what the longest valid body takes. */
const BODY = { bytesMax: 16_384 };

export const orgs = new Hono<AppEnv>()
  .post(
    "/",
    describeOperation({
      summary: "Create an org",
      description: "A deleted org's name is never given again.",
      scope: "administrator",
      body: CreateOrgSchema,
      answers: { 201: { description: "The org", schema: OrgSchema } },
      problems: [409],
    }),
    authenticated(),
    administratorOnly(),
    async (c) => {
      const body = validate(createOrgBody, await parseJsonBody(c.req.raw, BODY));
      const { tier, entitlements } = patchOf(body);
      const settings = patchSettings(newSettings(body.tier), {
        ...(tier && { tier }),
        ...(entitlements && { entitlements }),
      });
      const org = await createOrg(c, body.org, settings);
      return c.json(orgBody(org), 201, { location: `/v1/orgs/${org.org}` });
    },
  )
  .get(
    "/:org",
    describeOperation({
      summary: "An org: tier, entitlements, limits and retention",
      scope: "org:admin",
      answers: { 200: { description: "The org", schema: OrgSchema } },
    }),
    authorize("org:admin"),
    // Past the cache: after a change made elsewhere, its maker must see it.
    async (c) => c.json(orgBody(await currentOrg(c.env, c.var.org.org))),
  )
  .patch(
    "/:org",
    describeOperation({
      summary: "Change an org",
      description:
        "Absent members stay as they are, null takes a value back to its default. Tier, " +
        "entitlements, limits and `retention.audit_days` are the administrator's (403 for others); " +
        "the other retentions an org may set itself, up to its tier's (400 beyond). A change of tier " +
        "drops the overrides that exceed the new tier's retention, unless it sets them anew. " +
        "`limits.requests_per_minute` sheds load in each isolate; it is not a quota.",
      scope: "org:admin",
      body: PatchOrgSchema,
      answers: { 200: { description: "The org as changed", schema: OrgSchema } },
      problems: [409],
    }),
    authorize("org:admin"),
    async (c) => {
      const patch = patchOf(validate(patchOrgBody, await parseJsonBody(c.req.raw, BODY)));
      await changeOrg(c, c.var.org, patch);
      return c.json(orgBody(await currentOrg(c.env, c.var.org.org)));
    },
  )
  .delete(
    "/:org",
    describeOperation({
      summary: "Delete an org",
      description:
        "Its tokens are revoked and its writes refused at once; its data is then removed.",
      scope: "administrator",
      answers: { 202: { description: "The org, being deleted", schema: OrgSchema } },
    }),
    authorize("org:admin"),
    administratorOnly(),
    async (c) => {
      const { org, generation, shard } = c.var.org;
      const action = actionOf(c, {
        org,
        action: "operator.org.deleted",
        target: `org://${org}`,
        details: {},
      });
      const shardDb = shardDatabase(c.env, shard);
      const closed = await closeOrg(c.env.DIRECTORY, shardDb, { org, generation }, action);
      forgetOrg(org);
      const gone = closed ? await findOrg(c.env.DIRECTORY, org) : null;
      return c.json(orgBody(gone ?? fail({ kind: "not_found" })), 202);
    },
  );

async function createOrg(c: Context<AppEnv>, org: string, settings: OrgSettings): Promise<Org> {
  const nowMs = Date.now();
  // The default org exists, though nobody may have looked for it yet.
  if ((await lookUpOrg(c.env, org, nowMs)) !== null) fail({ kind: "org_exists" });
  const action = actionOf(c, {
    org,
    action: "operator.org.created",
    target: `org://${org}`,
    details: { tier: settings.tier },
  });
  const shard = shardForNewOrg(c.env);
  const newOrg = { org, settings, shard, createdAtMs: nowMs };
  const isNew = await insertOrg(c.env.DIRECTORY, shardDatabase(c.env, shard), newOrg, action);
  return isNew ? currentOrg(c.env, org) : fail({ kind: "org_exists" });
}

async function changeOrg(
  c: Context<AppEnv>,
  { org, generation }: Org,
  patch: OrgPatch,
): Promise<void> {
  const before = (await findOrgSettings(c.env.DIRECTORY, org)) ?? fail({ kind: "not_found" });
  requireWithinReach(c.var.principal, before, patch);
  const after = patchSettings(before, patch);
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  const action = actionOf(c, {
    org,
    action: "operator.org.updated",
    target: `org://${org}`,
    details: detailsOf(before, after),
  });
  const identity = { org, generation };
  const changed = await updateOrgSettings(c.env.DIRECTORY, identity, { before, after }, action);
  forgetOrg(org);
  if (!changed) fail({ kind: "conflict", detail: "The org was changed meanwhile; read it again." });
}

function requireWithinReach(principal: Principal, before: OrgSettings, patch: OrgPatch): void {
  if (principal.kind === "administrator") return;
  if (needsAdministrator(patch) || patch.retention?.auditDays !== undefined) {
    requireAdministrator(principal);
  }
  const beyond = retentionBeyondOrg(before.tier, patch);
  if (beyond.length === 0) return;
  const message = "must not exceed the tier's";
  const errors = beyond.map((key) => ({ pointer: `/retention/${RETENTION_NAMES[key]}`, message }));
  fail({ kind: "invalid_request", errors });
}

/** What changed, as the ledger keeps it: from and to, in the words of src/domain. */
function detailsOf(before: OrgSettings, after: OrgSettings): Record<string, string> {
  const keys = Object.keys(after) as (keyof OrgSettings)[];
  const changed = keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  return Object.fromEntries(
    changed.flatMap((key) => [
      [`${snakeCase(key)}.from`, settingText(before[key])],
      [`${snakeCase(key)}.to`, settingText(after[key])],
    ]),
  );
}

function snakeCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function settingText(value: OrgSettings[keyof OrgSettings]): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

async function currentOrg(env: Env, name: string): Promise<Org> {
  const org = await findOrg(env.DIRECTORY, name);
  return org?.state === "active" ? org : fail({ kind: "not_found" });
}
