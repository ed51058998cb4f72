/** Keys: which there are, and what may be done to them. None is ever shown. */
import { jsonBody } from "#http/request-body.ts";
import { destroyKeys, isUnused, UNUSED_AFTER_MS } from "#orgs/keys/destroy-keys.ts";
import { tellKeyEntries } from "#orgs/keys/key-entries.ts";
import { deploymentKeys, orgKeys } from "#orgs/keys/key-status.ts";
import { rotateKey } from "#orgs/keys/rotate-key.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";
import { MINUTE_MS } from "#platform/time.ts";
import { type KeyedOrg, SEALING_PURPOSES, type SealingPurpose } from "#vault/data-key-purpose.ts";
import { findEarlierKeys } from "#vault/store/key-lives.ts";
import { type AppRoute, route } from "./access.ts";
import {
  DeploymentKeysSchema,
  deploymentKeysJson,
  destroyKeysBody,
  OrgKeysSchema,
  orgKeysJson,
  rotateKeysBody,
} from "./key-json.ts";
import { operatorOf } from "./operator-of.ts";

const LIMIT = { bytesMax: 4_096 };
const ORG_KEYS = { "application/json": OrgKeysSchema };

export const keyRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: "/v1/keys/status",
      operationId: "getDeploymentKeys",
      summary: "Which key-encryption keys wrap data keys, and which may be removed",
      scope: "administrator",
      answers: {
        200: {
          description: "By version; what an erasure has not come to yet counts",
          content: { "application/json": DeploymentKeysSchema },
        },
      },
    },
    async (c) => c.json(deploymentKeysJson(await deploymentKeys(c.env, Date.now()))),
  ),
  route(
    {
      method: "get",
      path: "/v1/orgs/:org/keys/status",
      operationId: "getOrgKeys",
      summary: "The versions of an org's data keys, and what wraps them",
      scope: "org:admin",
      answers: { 200: { description: "Newest first", content: ORG_KEYS } },
    },
    async (c) => c.json(orgKeysJson(await orgKeys(c.env, c.var.org))),
  ),
  route(
    {
      method: "post",
      path: "/v1/orgs/:org/keys/rotate",
      operationId: "rotateOrgKeys",
      summary: "Make the next version of an org's data keys",
      description:
        "What is new is sealed with it, within five minutes everywhere; what was sealed before opens " +
        "as it did. Streams' and plugins' headers are sealed anew by the cron; a version that nothing " +
        "is sealed with any more is then destroyed. Each rotation is an entry of the org's ledger. " +
        "The key of error fingerprints has one version for ever.",
      scope: "org:admin",
      body: jsonBody(rotateKeysBody, LIMIT),
      answers: { 200: { description: "The keys as they are now", content: ORG_KEYS } },
      problems: [409],
    },
    async (c, { body }) => {
      const { org } = c.var;
      const by = operatorOf(c, org.org);
      for (const purpose of body.purposes ?? SEALING_PURPOSES) {
        await rotateKey(c.env, org, { purpose, reason: "asked for" }, by);
      }
      return c.json(orgKeysJson(await orgKeys(c.env, org)));
    },
  ),
  route(
    {
      method: "post",
      path: "/v1/orgs/:org/keys/destroy",
      operationId: "destroyOrgKeys",
      summary: "Destroy earlier versions of a data key, with all that is sealed with them",
      description:
        "For good: what is sealed with them opens nowhere any more, in no copy of the databases either " +
        "(a payload's share in the ledger's object can be recovered by the platform for 30 days). Of " +
        `versions that were superseded less than ${UNUSED_AFTER_MS / MINUTE_MS} minutes ago none is destroyed ` +
        "(409): something may still be sealed with them. Each is an entry of the org's ledger.",
      scope: "org:admin",
      body: jsonBody(destroyKeysBody, LIMIT),
      answers: { 200: { description: "The keys as they are now", content: ORG_KEYS } },
      problems: [409],
    },
    async (c, { body }) => {
      const { org } = c.var;
      const { purpose, below_version: below, reason } = body;
      const versions = await destroyable(c.env, org, purpose, below);
      await destroyKeys(c.env, org, { purpose, versions, reason }, operatorOf(c, org.org));
      await tellKeyEntries(c.env, org);
      return c.json(orgKeysJson(await orgKeys(c.env, org)));
    },
  ),
];

async function destroyable(
  env: Env,
  org: KeyedOrg,
  purpose: SealingPurpose,
  below: number,
): Promise<number[]> {
  const earlier = await findEarlierKeys(shardDatabase(env, org.shard), org);
  const wanted = earlier.filter((key) => key.purpose === purpose && key.version < below);
  if (wanted.some((key) => !isUnused(key, Date.now()))) {
    const minutes = UNUSED_AFTER_MS / MINUTE_MS;
    const detail = `A version was superseded less than ${minutes} minutes ago: something may still be sealed with it.`;
    fail({ kind: "conflict", detail });
  }
  return wanted.map(({ version }) => version);
}
