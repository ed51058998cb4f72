/** Bindings and settings. A setting is parsed once per isolate and refused by name, never by value. */

import type { Ledger } from "#audit/ledger/ledger.ts";
import { sha256Hex } from "#orgs/service-token.ts";
import { isTier, type Tier } from "#orgs/tier.ts";
import { parseDeploymentStreams } from "#streams/deployment-streams.ts";
import type { Observability } from "#streams/observability.ts";
import { parseSecretNames } from "#streams/stream-header.ts";
import { fail } from "./errors.ts";

export interface Env {
  DIRECTORY: D1Database;
  SHARD_0: D1Database;
  LEDGER: DurableObjectNamespace<Ledger>;
  MCPG_ADMIN_TOKEN: string;
  MCPG_METRICS_TOKEN?: string;
  MCPG_LEDGER_SEED: string;
  MCPG_PAYLOAD_KEK: string;
  MCPG_DEFAULT_ORG_TIER?: string;
  MCPG_ORIGIN?: string;
  /** Where streams go unless an org says otherwise: `[vars.OBSERVABILITY]`, or its JSON as text. */
  OBSERVABILITY?: unknown;
  MCPG_HEADER_SECRETS?: string;
  MCPG_ALLOW_LOOPBACK?: string;
}

export interface Settings {
  /** Digests, so that comparing a bearer token with them takes the same time whatever it is. */
  adminTokenDigest: string;
  metricsTokenDigest: string | null;
  /** By version: `MCPG_LEDGER_SEED` is 1, `MCPG_LEDGER_SEED_2` is 2. Keys are derived from them. */
  ledgerSeeds: ReadonlyMap<number, Uint8Array>;
  payloadKek: Uint8Array;
  defaultOrgTier: Tier;
  /** Names the deployment in every checkpoint, for its whole life. */
  originHost: string;
  /** The deployment's own, secrets filled in. */
  streams: Observability;
  /** On a developer's machine: an org's stream may go to a collector on it. */
  allowsLoopback: boolean;
}

const parsed = new WeakMap<Env, Settings>();

export function settingsOf(env: Env): Settings {
  const known = parsed.get(env);
  if (known !== undefined) return known;
  const settings = parseSettings(env);
  parsed.set(env, settings);
  return settings;
}

function parseSettings(env: Env): Settings {
  const tier = env.MCPG_DEFAULT_ORG_TIER || "community";
  const adminTokenDigest = parseToken("MCPG_ADMIN_TOKEN", env.MCPG_ADMIN_TOKEN);
  const metricsTokenDigest = env.MCPG_METRICS_TOKEN
    ? parseToken("MCPG_METRICS_TOKEN", env.MCPG_METRICS_TOKEN)
    : null;
  if (metricsTokenDigest === adminTokenDigest) {
    return refuse("MCPG_METRICS_TOKEN", "must differ from MCPG_ADMIN_TOKEN");
  }
  return {
    adminTokenDigest,
    metricsTokenDigest,
    ledgerSeeds: parseSeeds(env),
    payloadKek: parseKey("MCPG_PAYLOAD_KEK", env.MCPG_PAYLOAD_KEK),
    defaultOrgTier: isTier(tier) ? tier : refuse("MCPG_DEFAULT_ORG_TIER", "is not a tier"),
    originHost: parseHost("MCPG_ORIGIN", env.MCPG_ORIGIN || "mcpg.local"),
    streams: parseStreamSettings(env),
    allowsLoopback: parseFlag("MCPG_ALLOW_LOOPBACK", env.MCPG_ALLOW_LOOPBACK),
  };
}

function parseStreamSettings(env: Env): Observability {
  const readable = parseSecretNames(env.MCPG_HEADER_SECRETS ?? "OTEL_TOKEN");
  if (readable === null) {
    return refuse(
      "MCPG_HEADER_SECRETS",
      "must name secrets, and none whose name begins with MCPG_",
    );
  }
  const secretOf = (name: string) => {
    if (!readable.includes(name)) {
      return refuse("OBSERVABILITY", "names a secret that MCPG_HEADER_SECRETS does not");
    }
    const value = (env as unknown as Record<string, unknown>)[name];
    if (typeof value === "string" && value !== "") return value;
    return refuse(name, "is not set, and a header in OBSERVABILITY needs it");
  };
  const refuseSetting = (problem: string) => refuse("OBSERVABILITY", problem);
  const setting = parseIfText(env.OBSERVABILITY ?? {}, refuseSetting);
  return parseDeploymentStreams(setting, secretOf, refuseSetting);
}

function parseIfText(setting: unknown, refuseSetting: (problem: string) => never): unknown {
  if (typeof setting !== "string") return setting;
  try {
    return setting === "" ? {} : JSON.parse(setting);
  } catch {
    return refuseSetting("is not JSON");
  }
}

function parseFlag(setting: string, value = ""): boolean {
  if (!["", "true", "false"].includes(value)) return refuse(setting, "must be true or false");
  return value === "true";
}

function parseSeeds(env: Env): Map<number, Uint8Array> {
  const seeds = new Map([[1, parseKey("MCPG_LEDGER_SEED", env.MCPG_LEDGER_SEED)]]);
  for (const [binding, value] of Object.entries(env)) {
    const version = /^MCPG_LEDGER_SEED_([2-9]|[1-9]\d)$/.exec(binding)?.[1];
    if (version !== undefined) seeds.set(Number(version), parseKey(binding, String(value)));
  }
  return seeds;
}

/** A checkpoint's origin has no scheme, and its key name neither a space nor a plus. */
function parseHost(setting: string, value: string): string {
  if (/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:\d{1,5})?$/.test(value)) return value;
  return refuse(setting, "must be a host name in lower case, without a scheme");
}

/**
 * RFC 6750 `b68token`, or no header could carry it. Eight characters keep out an empty or
 * placeholder value; the strength of the secret is the operator's (`npm start` makes 256 bits).
 */
function parseToken(setting: string, value: string | undefined): string {
  if (!value) return refuse(setting, "is not set");
  if (!/^[A-Za-z0-9._~+/-]{8,512}=*$/.test(value)) {
    return refuse(setting, "must be 8 to 512 characters that a bearer token may have");
  }
  if (value.startsWith("mcpgst_")) return refuse(setting, "must not look like a service token");
  return sha256Hex(value);
}

function parseKey(setting: string, value: string | undefined): Uint8Array {
  if (!value) return refuse(setting, "is not set");
  if (!/^[A-Za-z0-9+/]{43}=$/.test(value)) return refuse(setting, "must be 32 bytes in base64");
  return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
}

function refuse(setting: string, problem: string): never {
  return fail({ kind: "misconfigured", setting, problem });
}

/** The bound shards, oldest first: another `SHARD_<n>` in wrangler.toml is all it takes to add one. */
export function shardNames(env: Env): string[] {
  return Object.keys(env)
    .filter((binding) => /^SHARD_\d+$/.test(binding))
    .sort((a, b) => Number(a.slice(6)) - Number(b.slice(6)));
}

/** A new org goes to the newest shard: the older ones keep growing with the orgs they have. */
export function shardForNewOrg(env: Env): string {
  return shardNames(env).at(-1) ?? refuse("SHARD_0", "is not bound");
}

export function shardDatabase(env: Env, shardName: string): D1Database {
  if (!shardNames(env).includes(shardName)) return refuse(shardName, "is not bound");
  return (env as unknown as Record<string, D1Database>)[shardName] as D1Database;
}
