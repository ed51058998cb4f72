/**
 * A page of logs, signed in an invocation of its own: one invocation may make 10,000 calls and send D1
 * 1,000 queries, which a tick with 10,000 busy orgs would exceed alone.
 */
import { exports, WorkerEntrypoint } from "cloudflare:workers";
import type { AuditLogRow } from "#audit/store/audit-logs.ts";
import type { Env } from "#platform/env.ts";
import { signLogs } from "./signer.ts";

export class SigningPage extends WorkerEntrypoint<Env> {
  /** How many could not be signed. */
  async sign(shard: string, rows: readonly AuditLogRow[]): Promise<number> {
    const outcomes = await signLogs(this.env, shard, rows);
    return outcomes.filter(({ kind }) => kind === "failed").length;
  }
}

/** Through the runtime's loopback to this Worker's own exports. */
export function signPage(shard: string, rows: readonly AuditLogRow[]): Promise<number> {
  const { SigningPage: page } = exports as unknown as {
    SigningPage: { sign(shard: string, rows: readonly AuditLogRow[]): Promise<number> };
  };
  return page.sign(shard, rows);
}
