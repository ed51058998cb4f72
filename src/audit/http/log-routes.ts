/**
 * The log as transparency-log tools read it: c2sp.org/tlog-tiles paths, and consistency proofs. An org
 * may publish the checkpoint and the hash tiles, from which no entry can be learnt; entries it cannot.
 */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import * as Type from "typebox";
import { type LogAddress, logPath } from "#audit/audit-log.ts";
import { findAuditLog } from "#audit/store/audit-logs.ts";
import { encodeBase64 } from "#formats/base64.ts";
import { parseTilePath, type TilePath } from "#formats/tlog/tlog-tiles.ts";
import { describeOperation, queryParameters } from "#http/describe-operation.ts";
import { readQuery, refuseParameter } from "#http/query.ts";
import { lookUpOrg } from "#orgs/directory.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { authorize } from "#orgs/http/authorize.ts";
import { isOrgName } from "#orgs/org.ts";
import { shardDatabase } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { currentLog, ledgerOf } from "./asked-log.ts";

const read = authorize("audit:read", { alsoClosed: true });

export const auditLog = new Hono<AppEnv>()
  .get(
    "/:log/checkpoint",
    describeOperation({
      summary: "The newest signed checkpoint",
      description:
        "A C2SP signed note. `size` asks for the one at which a former key was rotated out, which " +
        "both keys signed.",
      scope: "audit:read",
      query: queryParameters({ size: "A former key's `to_size`" }),
      answers: { 200: { description: "The note", schema: Type.String(), mediaType: "text/plain" } },
      problems: [400],
    }),
    unlessPublished(read),
    async (c) => {
      const { size } = readQuery(c.req, ["size"]);
      const address = addressOf(c);
      const note =
        size === undefined
          ? await newestCheckpoint(c, address)
          : await checkpointOf(c, address, size);
      if (note === null) return fail({ kind: "not_found" });
      return c.text(note, 200, { "cache-control": "no-cache" });
    },
  )
  .get(
    "/:log/consistency",
    describeOperation({
      summary: "Proof that a tree extends an older one",
      description: "RFC 6962 §2.1.2, one base64 hash a line; sizes up to the newest checkpoint's.",
      scope: "audit:read",
      query: queryParameters({ old: "Size of the older tree", new: "Size of the newer tree" }),
      answers: {
        200: { description: "The proof", schema: Type.String(), mediaType: "text/plain" },
      },
      problems: [400],
    }),
    read,
    async (c) => {
      const query = readQuery(c.req, ["old", "new"]);
      const [oldSize, newSize] = [sizeOf("old", query.old), sizeOf("new", query.new)];
      if (oldSize > newSize) refuseParameter("old", "must not exceed `new`");
      const proof = await ledgerOf(c, addressOf(c), (ledger) =>
        ledger.consistency(oldSize, newSize),
      );
      if (proof === null) return refuseParameter("new", "exceeds the newest checkpoint's size");
      return c.text(proof.map((hash) => `${encodeBase64(hash)}\n`).join(""));
    },
  )
  .get(
    "/:log/tile/:tile{.+}",
    describeOperation({
      summary: "A tile of hashes, or a bundle of entries",
      description:
        "c2sp.org/tlog-tiles: `<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`. A partial one is there " +
        "until the full one is. Bundles of pruned entries are gone.",
      scope: "audit:read",
      answers: {
        200: {
          description: "The tile",
          schema: Type.String(),
          mediaType: "application/octet-stream",
        },
      },
      problems: [410],
    }),
    unlessPublished(read),
    async (c) => {
      const tile = tileOf(c);
      const answer = await ledgerOf(c, addressOf(c), (ledger) => ledger.tile(tile));
      if (answer.kind === "pruned") fail({ kind: "pruned" });
      if (answer.kind !== "tile") return fail({ kind: "not_found" });
      return c.body(new Uint8Array(answer.bytes), 200, tileHeaders(c));
    },
  );

/** Without a token: what the org publishes. With one, and for all else, the token decides. */
function unlessPublished(check: MiddlewareHandler<AppEnv>): MiddlewareHandler<AppEnv> {
  return async function unlessPublished(c, next) {
    if (c.req.header("authorization") !== undefined || isBundle(c)) return check(c, next);
    const name = c.req.param("org") ?? "";
    const org = isOrgName(name) ? await lookUpOrg(c.env, name, Date.now()) : null;
    if (org?.state !== "active" || !org.publishesAuditLog) return fail({ kind: "unauthenticated" });
    c.set("org", org);
    return next();
  };
}

function isBundle(c: Context<AppEnv>): boolean {
  return c.req.param("tile")?.startsWith("entries/") ?? false;
}

function addressOf(c: Context<AppEnv>): LogAddress {
  const current = currentLog(c.var.org);
  const number = Number(/^log-([1-9]\d{0,5})$/.exec(c.req.param("log") ?? "")?.[1] ?? 1);
  // Also for log-1, which is not the first log's name.
  if (logPath(number) !== c.req.param("log")) return fail({ kind: "not_found" });
  return number <= current.log ? { ...current, log: number } : fail({ kind: "not_found" });
}

async function newestCheckpoint(c: Context<AppEnv>, address: LogAddress): Promise<string | null> {
  const status = await ledgerOf(c, address, (ledger) => ledger.status());
  return status?.checkpoint ?? null;
}

async function checkpointOf(
  c: Context<AppEnv>,
  address: LogAddress,
  text: string,
): Promise<string | null> {
  const size = sizeOf("size", text);
  const row = await findAuditLog(shardDatabase(c.env, address.shard), address);
  const former = row?.keys.find(({ toSize }) => toSize === size);
  if (former !== undefined) return former.checkpoint;
  return row?.publishedSize === size && row.signedSize === size ? row.checkpoint : null;
}

function sizeOf(name: string, text: string | undefined): number {
  const size = /^(0|[1-9]\d{0,15})$/.test(text ?? "") ? Number(text) : Number.NaN;
  return Number.isSafeInteger(size) ? size : refuseParameter(name, "must be a tree size");
}

function tileOf(c: Context<AppEnv>): TilePath {
  const tile = parseTilePath(`tile/${c.req.param("tile") ?? ""}`);
  return tile ?? fail({ kind: "not_found" });
}

/** A tile's bytes never change; whether it may be read does, so only caches of the reader's own keep it. */
function tileHeaders(c: Context<AppEnv>): Record<string, string> {
  const isPublic = c.var.org.publishesAuditLog && !isBundle(c);
  return {
    "content-type": "application/octet-stream",
    "cache-control": `${isPublic ? "public" : "private"}, max-age=31536000, immutable`,
  };
}
