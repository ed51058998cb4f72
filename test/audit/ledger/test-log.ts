/** A log of a test's own, below HTTP: its ledger, its row in D1, and its insides. */
import { runInDurableObject } from "cloudflare:test";
import type { AuditEvent } from "#audit/audit-event.ts";
import { type LogAddress, logOrigin, type Receipt } from "#audit/audit-log.ts";
import type { Ledger } from "#audit/ledger/ledger.ts";
import type { LedgerStub } from "#audit/ledger-stub.ts";
import { signNow } from "#audit/signing/sign-now.ts";
import { type AuditLogRow, findAuditLog, insertAuditLog } from "#audit/store/audit-logs.ts";
import type { Env } from "#platform/env.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { newId } from "../../harness/new-id.ts";

const utf8 = new TextEncoder();

/** Known to D1 as an org's first log is, before its first entry. */
export async function newLog(): Promise<LogAddress> {
  const address = { org: `log-${crypto.randomUUID()}`, log: 1, shard: "SHARD_0" };
  await insertAuditLog(workerEnv.SHARD_0, address);
  return address;
}

export function originOf(address: LogAddress): string {
  return logOrigin("mcpg.local", address);
}

/** As the runtime hands it out, for the functions of `cloudflare:test`. */
export function objectOf({ org, log }: LogAddress) {
  return workerEnv.LEDGER.getByName(`${org}/${log}`) as unknown as DurableObjectStub<Ledger>;
}

export function ledgerOf(address: LogAddress): LedgerStub {
  return objectOf(address) as unknown as LedgerStub;
}

/** With the ledger's own database, past all of its code. */
export function inLedger<Result>(
  address: LogAddress,
  work: (sql: SqlStorage) => Result,
): Promise<Result> {
  return runInDurableObject(objectOf(address), (_, state) => work(state.storage.sql));
}

export function makeEvent(fields: Partial<AuditEvent> = {}): AuditEvent {
  return {
    action: "tool.call.allowed",
    actor: "user:alice@acme",
    details: null,
    event_id: newId(),
    instance_id: "gw-1",
    invocation_id: null,
    occurred_at: null,
    outcome: "allowed",
    recorded_by: "service:gw",
    request_id: null,
    target: null,
    trace_id: null,
    workspace: null,
    ...fields,
  };
}

/** As the operator's verbs have it: the hold is its entry's, or that of an entry before. */
export function holdEvent(deed: "placed" | "released", id: string): AuditEvent {
  return makeEvent({
    action: `operator.hold.${deed}`,
    instance_id: null,
    target: `hold://${id}`,
    ...(deed === "placed" && { event_id: id }),
  });
}

export function makeEvents(count: number, fields: Partial<AuditEvent> = {}): AuditEvent[] {
  return Array.from({ length: count }, () => makeEvent(fields));
}

/** As many calls as a gateway would make. */
export async function append(
  address: LogAddress,
  events: readonly AuditEvent[],
): Promise<Receipt[]> {
  const receipts: Receipt[] = [];
  for (let at = 0; at < events.length; at += 256) {
    const result = await ledgerOf(address).append(address, events.slice(at, at + 256));
    if (result.kind !== "appended") throw new Error(JSON.stringify(result));
    receipts.push(...result.receipts);
  }
  return receipts;
}

/** A log of that many entries, none of them signed. */
export async function newLogOf(size: number): Promise<LogAddress> {
  const address = await newLog();
  await append(address, makeEvents(size));
  return address;
}

/** The hashed bytes, from the oldest entry that is left. */
export async function storedBodies(address: LogAddress): Promise<Uint8Array[]> {
  const query = "SELECT body FROM entries ORDER BY seq";
  const rows = await inLedger(address, (sql) => sql.exec<{ body: string }>(query).toArray());
  return rows.map(({ body }) => utf8.encode(body));
}

/** The note that is published once the head of now is signed. */
export async function sign(address: LogAddress, env: Env = workerEnv): Promise<string> {
  await signNow(env, address);
  const status = await ledgerOf(address).status();
  return status?.checkpoint ?? "";
}

export async function rowOf(address: LogAddress): Promise<AuditLogRow> {
  const row = await findAuditLog(workerEnv.SHARD_0, address);
  if (row === null) throw new Error("no row");
  return row;
}

/** What a call is refused with. Awaited here: `expect` would leave a remote promise unhandled. */
export async function refusalOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it was not refused");
}
