/** Keys on the wire: which there are, never what they are. */
import * as Type from "typebox";
import { Compile } from "typebox/schema";
import { formatTimestamp } from "#formats/rfc3339.ts";
import type { DeploymentKeys, KekUse, KeyVersion, OrgKeys } from "#orgs/keys/key-status.ts";
import { DATA_KEY_PURPOSES, SEALING_PURPOSES } from "#vault/data-key-purpose.ts";

const CLOSED = { additionalProperties: false };
const TIME = Type.Union([Type.String({ format: "date-time" }), Type.Null()]);

const KekSchema = Type.Object({
  version: Type.Integer(),
  setting: Type.String({ description: "The secret's name" }),
  is_set: Type.Boolean(),
  is_newest: Type.Boolean({ description: "It wraps what is new" }),
  keys: Type.Integer({ description: "Data keys that it wraps" }),
});

const MAY_REMOVE = Type.Array(Type.String(), {
  description:
    "Secrets that wrap no data key any more, and may be removed: ten minutes after the newest first did, at the earliest",
});

const VersionSchema = Type.Object({
  version: Type.Integer(),
  kek_version: Type.Union([Type.Integer(), Type.Null()]),
  created_at: Type.String({ format: "date-time" }),
  superseded_at: TIME,
  destroyed_at: TIME,
  state: Type.Enum(["newest", "earlier", "being_destroyed", "destroyed"]),
  rows: Type.Union([Type.Integer(), Type.Null()], {
    description: "Values sealed with it; null where that is not counted",
  }),
});

export const DeploymentKeysSchema = Type.Object(
  { keks: Type.Array(KekSchema), may_remove: MAY_REMOVE },
  { title: "DeploymentKeys" },
);

export const OrgKeysSchema = Type.Object(
  {
    keks: Type.Array(KekSchema, { description: "As far as this org's data keys go" }),
    purposes: Type.Array(
      Type.Object({
        purpose: Type.Enum([...DATA_KEY_PURPOSES]),
        versions: Type.Array(VersionSchema, { description: "Newest first" }),
      }),
    ),
  },
  { title: "OrgKeys" },
);

const Purpose = Type.Enum([...SEALING_PURPOSES]);
const PURPOSES = { minItems: 1, maxItems: SEALING_PURPOSES.length, uniqueItems: true };

export const rotateKeysBody = Compile(
  Type.Object(
    {
      purposes: Type.Optional(Type.Array(Purpose, PURPOSES)),
    },
    { ...CLOSED, title: "KeyRotation" },
  ),
);

export const destroyKeysBody = Compile(
  Type.Object(
    {
      purpose: Purpose,
      below_version: Type.Integer({ minimum: 1, description: "All versions below are destroyed" }),
      reason: Type.String({ minLength: 1, maxLength: 256 }),
    },
    { ...CLOSED, title: "KeyDestruction" },
  ),
);

export function deploymentKeysJson({ keks, removable }: DeploymentKeys) {
  return { keks: keks.map(kekJson), may_remove: removable };
}

export function orgKeysJson({ keks, versions }: OrgKeys) {
  const purposes = DATA_KEY_PURPOSES.map((purpose) => {
    const own = versions.filter((version) => version.purpose === purpose);
    return { purpose, versions: own.toReversed().map(versionJson) };
  });
  return { keks: keks.map(kekJson), purposes };
}

function kekJson({ version, setting, isSet, isNewest, keys }: KekUse) {
  return { version, setting, is_set: isSet, is_newest: isNewest, keys };
}

function versionJson(version: KeyVersion) {
  const time = (atMs: number | null) => (atMs === null ? null : formatTimestamp(atMs));
  return {
    version: version.version,
    kek_version: version.kekVersion,
    created_at: formatTimestamp(version.createdAtMs),
    superseded_at: time(version.supersededAtMs),
    destroyed_at: time(version.destroyedAtMs),
    state: stateOf(version),
    rows: version.rows,
  };
}

function stateOf({ isDoomed, supersededAtMs, destroyedAtMs }: KeyVersion) {
  if (destroyedAtMs !== null) return "destroyed";
  if (isDoomed === 1) return "being_destroyed";
  return supersededAtMs === null ? "newest" : "earlier";
}
