import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LogAddress } from "#audit/audit-log.ts";
import { ownEvent } from "#audit/own-event.ts";
import { refusal, requireStatus } from "../../harness/answers.ts";
import { call } from "../../harness/deployment.ts";
import { newId } from "../../harness/new-id.ts";
import { makeOrg } from "../../harness/orgs.ts";
import { appendEvents, EVENT, getAudit, postEvents } from "../audit-client.ts";
import { announce, runAlarms, termsAt } from "./run-pruning.ts";
import {
  append,
  ledgerOf,
  makeEvent,
  makeEvents,
  newLogOf,
  objectOf,
  sign,
  storedBodies,
} from "./test-log.ts";

const DAY_MS = 86_400_000;
const LIMIT_BYTES = 200_000_000;
/** From here on reports are refused, and from there on exports. */
const [OWN, DEEDS] = [LIMIT_BYTES - 64_000_000, LIMIT_BYTES - 32_000_000];

// An hour ahead, so that no alarm goes off by itself.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
});
afterEach(() => vi.useRealTimers());

/** The log's limit, and its database as if it had so many bytes and grew from there. */
function fill(log: LogAddress, bytes: number): Promise<void> {
  return runInDurableObject(objectOf(log), (ledger, { storage }) => {
    const { env } = ledger as unknown as { env: object };
    const limited = { ...env, MCPG_LOG_BYTES_MAX: LIMIT_BYTES };
    Object.defineProperty(ledger, "env", { value: limited, configurable: true });
    const { sql } = storage;
    const size = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(sql), "databaseSize");
    const read = () => size?.get?.call(sql) as number;
    const others = bytes - read();
    Object.defineProperty(sql, "databaseSize", { get: () => others + read(), configurable: true });
  });
}

const own = (action: string) =>
  ownEvent({ action, actor: "operator:a", event_id: newId(), recorded_by: "operator:a" });

describe("A log that is nearly full", () => {
  it("takes no report, and entries of our own up to its limit; a resend gets its first receipt", async () => {
    const log = await newLogOf(3);
    const event = makeEvent();
    await fill(log, OWN);
    const receipts = await append(log, [event]);
    await fill(log, OWN + 1);
    const full = { kind: "full" };
    expect(await ledgerOf(log).append(log, [makeEvent()])).toEqual(full);
    expect(await ledgerOf(log).append(log, [own("operator.x.y"), makeEvent()])).toEqual(full);
    expect(await append(log, [event])).toEqual(receipts);
    await fill(log, LIMIT_BYTES - 1);
    await append(log, [own("operator.token.created")]);
    expect(await storedBodies(log)).toHaveLength(5);
  });

  it("takes what operators did to plugins, and what gateways say of them no more", async () => {
    const log = await newLogOf(3);
    await fill(log, OWN + 1);
    await append(log, [own("plugin.registered"), own("operator.x.y"), own("plugin.removed")]);
    const full = { kind: "full" };
    const reported = { ...makeEvent(), action: "plugin.registered" };
    expect(await ledgerOf(log).append(log, [reported])).toEqual(full);
    expect(await ledgerOf(log).append(log, [own("plugin.tool.changed")])).toEqual(full);
  });

  it("announces a pruning, and takes reports again once that has made room", async () => {
    const log = await newLogOf(1_000);
    await fill(log, OWN + 50_000);
    expect((await ledgerOf(log).append(log, makeEvents(1))).kind).toBe("full");
    const terms = { ...termsAt(Date.now() + DAY_MS, 0), tickMs: Date.now(), overdueBefore: "" };
    expect(await announce(log, terms)).toBe("announced");
    await sign(log);
    await runAlarms(log);
    expect((await ledgerOf(log).status())?.minIndex).toBe(768);
    await append(log, makeEvents(1));
  });

  it("is 503 log_full for gateways; exports and deeds are recorded, exports until half of that room is left", async () => {
    const org = await makeOrg();
    await appendEvents(org, [EVENT]);
    const log = { org, log: 1, shard: "SHARD_0" };
    await fill(log, OWN + 1);
    const response = await postEvents(org, [EVENT]);
    expect(response.headers.get("retry-after")).toBe("60");
    expect(await refusal(Promise.resolve(response))).toEqual([503, "log_full"]);
    await (await requireStatus(200, getAudit(org, "/export"))).text();
    await fill(log, DEEDS + 1);
    expect(await refusal(getAudit(org, "/export"))).toEqual([503, "log_full"]);
    const body = { reason: "case 1" };
    await requireStatus(201, call("POST", `/v1/orgs/${org}/audit/holds`, { body }));
    await requireStatus(
      200,
      call("PATCH", `/v1/orgs/${org}`, { body: { publishes_audit_log: true } }),
    );
    expect(await storedBodies(log)).toHaveLength(5);
    await requireStatus(200, getAudit(org, ""));
  });
});
