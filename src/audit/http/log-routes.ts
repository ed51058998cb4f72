/**
 * The log as transparency-log tools read it: c2sp.org/tlog-tiles paths, and consistency proofs. An org
 * may publish the checkpoint and the hash tiles, from which no entry can be learnt; entries it cannot.
 */
import type { Context } from "hono";
import * as Type from "typebox";
import { type LogAddress, logPath } from "#audit/audit-log.ts";
import { currentLog } from "#audit/current-log.ts";
import { callLedger } from "#audit/ledger-stub.ts";
import { findAuditLog } from "#audit/store/audit-logs.ts";
import { encodeBase64 } from "#formats/base64.ts";
import { parseTilePath, TILE_WIDTH, type TilePath } from "#formats/tlog/tlog-tiles.ts";
import { integer, refuseParameter, required } from "#http/parameters.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { shardDatabase } from "#platform/shards.ts";

const PATH = "/v1/orgs/:org/audit/:log";
const LOG = { log: { type: "string", pattern: "^log(-[1-9][0-9]{0,5})?$" } };

function treeSize(description: string) {
  return integer(description, { min: 0, max: Number.MAX_SAFE_INTEGER, what: "a tree size" });
}

export const logRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: `${PATH}/checkpoint`,
      operationId: "getCheckpoint",
      summary: "The newest signed checkpoint",
      description:
        "A C2SP signed note. `size` asks for the one at which a former key was rotated out, which " +
        "both keys signed.",
      scope: "audit:read",
      alsoClosed: true,
      publicWhere: () => true,
      pathParameters: LOG,
      query: { size: treeSize("A former key's `to_size`") },
      answers: { 200: { description: "The note", content: { "text/plain": Type.String() } } },
    },
    async (c, { query }) => {
      const address = addressOf(c);
      const note =
        query.size === undefined
          ? await newestCheckpoint(c.env, address)
          : await checkpointOf(c.env, address, query.size);
      if (note === null) fail({ kind: query.size === undefined ? "no_checkpoint" : "not_found" });
      return c.text(note, 200, { "cache-control": "no-store" });
    },
  ),
  route(
    {
      method: "get",
      path: `${PATH}/consistency`,
      operationId: "proveConsistency",
      summary: "Proof that a tree extends an older one",
      description: "RFC 6962 §2.1.2, one base64 hash a line; sizes up to the newest checkpoint's.",
      scope: "audit:read",
      alsoClosed: true,
      pathParameters: LOG,
      query: {
        old: required(treeSize("Size of the older tree")),
        new: required(treeSize("Size of the newer tree")),
      },
      answers: { 200: { description: "The proof", content: { "text/plain": Type.String() } } },
    },
    async (c, { query }) => {
      const { old: oldSize, new: newSize } = query;
      if (oldSize > newSize) refuseParameter("old", "must not exceed `new`");
      const proof = await callLedger(c.env, addressOf(c), (ledger) =>
        ledger.consistency(oldSize, newSize),
      );
      if (proof === null) return refuseParameter("new", "exceeds the newest checkpoint's size");
      return c.text(proof.map((hash) => `${encodeBase64(hash)}\n`).join(""));
    },
  ),
  route(
    {
      method: "get",
      path: `${PATH}/tile/:tile{.+}`,
      operationId: "getTile",
      summary: "A tile of hashes, or a bundle of entries",
      description:
        "c2sp.org/tlog-tiles: `<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`. A partial one is there " +
        "until the full one is. Bundles of pruned entries are gone.",
      scope: "audit:read",
      alsoClosed: true,
      publicWhere: isHashTile,
      pathParameters: LOG,
      answers: {
        200: {
          description: "The tile",
          content: { "application/octet-stream": { type: "string", format: "binary" } },
        },
      },
      problems: [410],
    },
    async (c) => {
      const tile = tileOf(c);
      const answer = await callLedger(c.env, addressOf(c), (ledger) => ledger.tile(tile));
      if (answer.kind === "pruned") fail({ kind: "pruned" });
      if (answer.kind !== "tile") return fail({ kind: "not_found" });
      return c.body(new Uint8Array(answer.bytes), 200, tileHeaders(c, tile));
    },
  ),
];

/** The other tiles are bundles of entries, which no org publishes. */
function isHashTile(c: Context<AppEnv>): boolean {
  return !c.req.param("tile")?.startsWith("entries/");
}

function addressOf(c: Context<AppEnv>): LogAddress {
  const current = currentLog(c.var.org);
  const number = Number(/^log-([1-9]\d{0,5})$/.exec(c.req.param("log") ?? "")?.[1] ?? 1);
  // Not found for log-1 too, which is not the first log's name.
  if (logPath(number) !== c.req.param("log")) return fail({ kind: "not_found" });
  return number <= current.log ? { ...current, log: number } : fail({ kind: "not_found" });
}

async function newestCheckpoint(env: Env, address: LogAddress): Promise<string | null> {
  const status = await callLedger(env, address, (ledger) => ledger.status());
  return status?.checkpoint ?? null;
}

async function checkpointOf(env: Env, address: LogAddress, size: number): Promise<string | null> {
  const row = await findAuditLog(shardDatabase(env, address.shard), address);
  const former = row?.keys.find(({ toSize }) => toSize === size);
  if (former !== undefined) return former.checkpoint;
  return row?.publishedSize === size && row.signedSize === size ? row.checkpoint : null;
}

function tileOf(c: Context<AppEnv>): TilePath {
  const tile = parseTilePath(`tile/${c.req.param("tile") ?? ""}`);
  return tile ?? fail({ kind: "not_found" });
}

/**
 * A full tile's bytes never change, but whether it may be read does: unless it is public, only the reader's own
 * caches keep it. A partial one is asked for until the full one is there.
 */
function tileHeaders(c: Context<AppEnv>, { width }: TilePath): Record<string, string> {
  const type = { "content-type": "application/octet-stream" };
  if (width !== TILE_WIDTH) return type;
  const visibility = c.var.org.publishesAuditLog && isHashTile(c) ? "public" : "private";
  return {
    ...type,
    "cache-control": `${visibility}, max-age=31536000, immutable`,
  };
}
