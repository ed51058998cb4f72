import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Ledger } from "#audit/ledger/ledger.ts";
import { runCron } from "#cron.ts";
import { deliveryJob } from "#delivery/delivery-job.ts";
import { findStreamTargets, type StreamTarget } from "#delivery/store/stream-targets.ts";
import { appendEvents, auditJson, EVENT, exportedLines } from "../audit/audit-client.ts";
import { runAlarms } from "../audit/ledger/run-pruning.ts";
import { requireStatus } from "../harness/answers.ts";
import { call, envWithShard, workerEnv } from "../harness/deployment.ts";
import { inProcess, runOnce } from "../harness/in-process.ts";
import { makeOrg } from "../harness/orgs.ts";
import { losing } from "../harness/watched-d1.ts";
import { linesOf, receiver } from "./receiver.ts";

const MINUTE_MS = 60_000;
const ENDPOINT = "https://siem.example.com/in/acme";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60 * MINUTE_MS });
  vi.spyOn(console, "error").mockReturnValue();
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  // The next test's ticks would serve these orgs too.
  await workerEnv.DIRECTORY.prepare("DELETE FROM observability").run();
});

const logOf = (org: string) => ({ org, log: 1, shard: "SHARD_0" });

function forwardTo(org: string, forward: unknown): Promise<Response> {
  const body = { audit: { forward } };
  return requireStatus(200, call("PUT", `/v1/orgs/${org}/observability`, { body }));
}

/** An org with a receiver, whose log D1 knows to have `entries` more than the two that are the operator's. */
async function forwardingOrg(entries: number): Promise<string> {
  const org = await makeOrg();
  await forwardTo(org, { endpoint: ENDPOINT, headers: { authorization: "Bearer t0ken" } });
  await append(org, entries);
  return org;
}

async function append(org: string, entries: number): Promise<void> {
  for (let left = entries; left > 0; left -= 256) {
    await appendEvents(
      org,
      Array.from({ length: Math.min(left, 256) }, () => EVENT),
    );
  }
  await runAlarms(logOf(org));
}

interface AuditDelivery {
  log: number;
  next_seq: number;
  missed_entries: number;
  delivered_at: string | null;
  failures: number;
  last_error: string | null;
  retry_at: string | null;
}

async function deliveryOf(org: string): Promise<AuditDelivery> {
  const answer = await requireStatus(200, call("GET", `/v1/orgs/${org}/observability/status`));
  return ((await answer.json()) as { audit: AuditDelivery }).audit;
}

async function tick(env = workerEnv): Promise<void> {
  await runCron(env, Date.now(), env === workerEnv ? undefined : inProcess(env));
  vi.setSystemTime(Date.now() + MINUTE_MS);
}

/** As a tick finds it where the deployment has a receiver. */
async function targetsOf(org: string): Promise<StreamTarget[]> {
  const asked = { shard: "SHARD_0", hasDefault: true };
  const all = { after: null, limit: 1_000 };
  const targets = await findStreamTargets(workerEnv.DIRECTORY, asked, all);
  return targets.filter((target) => target.org === org);
}

describe("Audit forwarding", () => {
  it("sends every entry of the log as it was hashed, in order, and once where nothing fails", async () => {
    const { received, lines } = receiver();
    const org = await forwardingOrg(2_500);
    await tick();
    await append(org, 10);
    await tick();
    await tick();
    expect(lines()).toEqual(await exportedLines(org));
    expect(await deliveryOf(org)).toMatchObject({
      log: 1,
      next_seq: 2_512,
      missed_entries: 0,
      failures: 0,
      last_error: null,
      retry_at: null,
    });
    expect(received.map(({ body }) => linesOf(body).length)).toEqual([1_000, 1_000, 502, 10]);
  });

  it("says in headers which entries a request holds, of which log, so that a repeat is known", async () => {
    const { received } = receiver();
    const org = await forwardingOrg(5);
    await tick();
    const [one] = received;
    expect(one?.url).toBe(ENDPOINT);
    const { origin } = await auditJson<{ origin: string }>(org, "/status");
    expect(Object.fromEntries(one?.headers ?? [])).toMatchObject({
      authorization: "Bearer t0ken",
      "content-type": "application/x-ndjson",
      "idempotency-key": `${origin}/0-6`,
      "x-mcpg-org": org,
      "x-mcpg-log-origin": origin,
      "x-mcpg-first-seq": "0",
      "x-mcpg-last-seq": "6",
    });
  });

  it.each([
    [429, { "retry-after": "120" }],
    [503, { "retry-after": "Thu, 01 Jan 2099 00:00:00 GMT" }],
    [500, {}],
    [401, {}],
    [302, { location: "https://elsewhere.example.com/" }],
  ])(
    "stays where it is while the receiver answers %i, says so, and goes on later",
    async (status, headers) => {
      let isWell = false;
      const { received, lines } = receiver(
        () => new Response(null, { status: isWell ? 204 : status, headers }),
      );
      const org = await forwardingOrg(3);
      await tick();
      const failed = await deliveryOf(org);
      expect(failed).toMatchObject({ next_seq: 0, failures: 1, delivered_at: null });
      expect(failed.last_error).toContain(`answered ${status}`);
      expect(Date.parse(failed.retry_at ?? "")).toBeGreaterThan(Date.now() - MINUTE_MS);
      const attempts = received.length;
      isWell = true;
      vi.setSystemTime(Date.parse(failed.retry_at ?? "") - 1);
      await runCron(workerEnv, Date.now());
      expect(received).toHaveLength(attempts);
      vi.setSystemTime(Date.parse(failed.retry_at ?? "") + 1);
      await tick();
      expect(lines()).toEqual(await exportedLines(org));
      expect(await deliveryOf(org)).toMatchObject({ next_seq: 5, failures: 0, last_error: null });
      expect(new Set(received.map(({ url }) => url))).toEqual(new Set([ENDPOINT]));
    },
  );

  it("waits an hour at most, whatever the receiver asks for, and longer each time it asks for nothing", async () => {
    const asks = { status: 503, headers: { "retry-after": "999999999" } };
    receiver(() => new Response(null, asks));
    const org = await forwardingOrg(1);
    const beganMs = Date.now();
    await runCron(workerEnv, beganMs);
    const first = await deliveryOf(org);
    expect(Date.parse(first.retry_at ?? "") - beganMs).toBeLessThanOrEqual(60 * MINUTE_MS);
    vi.restoreAllMocks();
    vi.spyOn(console, "error").mockReturnValue();
    receiver(() => new Response(null, { status: 404 }));
    const waits: number[] = [];
    vi.setSystemTime(Date.parse(first.retry_at ?? ""));
    for (let at = 0; at < 9; at++) {
      await runCron(workerEnv, Date.now());
      const retryAtMs = Date.parse((await deliveryOf(org)).retry_at ?? "");
      waits.push(retryAtMs - Date.now());
      vi.setSystemTime(retryAtMs);
    }
    expect(Math.max(...waits)).toBeLessThanOrEqual(15 * MINUTE_MS);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(7.5 * MINUTE_MS);
  });

  it("sends fewer at a time to a receiver that finds a request too large", async () => {
    const { lines } = receiver(
      ({ body }) => new Response(null, { status: linesOf(body).length > 100 ? 413 : 200 }),
    );
    const org = await forwardingOrg(600);
    await tick();
    await tick();
    expect(lines()).toEqual(await exportedLines(org));
  });

  it("repeats what was taken when the cursor could not be moved, and leaves out nothing", async () => {
    const { lines } = receiver();
    const org = await forwardingOrg(4);
    const faulty = envWithShard(losing("UPDATE stream_deliveries SET log", "before"));
    const run = await runOnce(faulty, deliveryJob, [await targetsOf(org)]);
    expect(run.failures).toBe(1);
    const failed = { next_seq: 0, failures: 1, last_error: "failed on our side" };
    expect(await deliveryOf(org)).toMatchObject(failed);
    vi.setSystemTime(Date.now() + 2 * MINUTE_MS);
    await tick();
    const all = await exportedLines(org);
    expect(lines()).toEqual([...all, ...all]);
  });

  it("is done by one at a time, however many ticks run at once", async () => {
    const { lines } = receiver();
    const org = await forwardingOrg(1_500);
    await Promise.all(Array.from({ length: 5 }, () => runCron(workerEnv, Date.now())));
    expect(lines()).toEqual(await exportedLines(org));
  });

  it("never moves back: who took too long and was overtaken moves nothing", async () => {
    const gate = Promise.withResolvers<void>();
    const { received } = receiver(async (_, index) => {
      if (index === 0) await gate.promise;
      return new Response(null, { status: 200 });
    });
    const org = await forwardingOrg(4);
    const slow = runCron(workerEnv, Date.now());
    await vi.waitUntil(() => received.length === 1);
    vi.setSystemTime(Date.now() + 2 * MINUTE_MS);
    await append(org, 3);
    await tick();
    expect(await deliveryOf(org)).toMatchObject({ next_seq: 9 });
    gate.resolve();
    await slow;
    expect(await deliveryOf(org)).toMatchObject({ next_seq: 9, last_error: null });
    const back = "UPDATE stream_deliveries SET next_seq = 3 WHERE org = ?1";
    await expect(workerEnv.SHARD_0.prepare(back).bind(org).run()).rejects.toThrow("go back");
  });

  it("goes on at another endpoint where it stopped at the first", async () => {
    const { received } = receiver();
    const org = await forwardingOrg(2);
    await tick();
    await forwardTo(org, { endpoint: "https://other.example.com/in" });
    await append(org, 1);
    await tick();
    const [, second] = received;
    expect(second?.url).toBe("https://other.example.com/in");
    expect(second?.headers.get("x-mcpg-first-seq")).toBe("4");
    expect(second?.headers.get("authorization")).toBeNull();
  });

  it("costs an org that has nothing new no request and no write", async () => {
    const { received } = receiver();
    await forwardingOrg(2);
    await tick();
    received.length = 0;
    const written = vi.fn();
    const env = envWithShard((sql, send) => {
      if (sql.includes("stream_deliveries") && !sql.startsWith("SELECT")) written(sql);
      return send();
    });
    await tick(env);
    expect(received).toEqual([]);
    expect(written).not.toHaveBeenCalled();
  });

  it("stops where audit is disabled, and sends all of it once it is enabled again", async () => {
    const { received, lines } = receiver();
    const org = await forwardingOrg(2);
    const path = `/v1/orgs/${org}/observability`;
    const disabled = { enabled: false, forward: { endpoint: ENDPOINT } };
    await requireStatus(200, call("PUT", path, { body: { audit: disabled } }));
    await append(org, 0);
    await tick();
    expect(received).toEqual([]);
    await forwardTo(org, { endpoint: ENDPOINT });
    await append(org, 0);
    await tick();
    expect(lines()).toEqual(await exportedLines(org));
  });

  it("follows a recovery into the successor, after all of the log that ended", async () => {
    const { received, lines } = receiver();
    const org = await forwardingOrg(3);
    await tick();
    await append(org, 2);
    const stub = workerEnv.LEDGER.getByName(`${org}/1`) as unknown as Pick<Ledger, "freeze">;
    await stub.freeze(logOf(org), "frozen by the test");
    await runAlarms(logOf(org));
    const recovered = call("POST", `/v1/orgs/${org}/audit/recover`, { body: { reason: "test" } });
    await requireStatus(200, recovered);
    await appendEvents(org, [EVENT]);
    await runAlarms({ ...logOf(org), log: 2 });
    await tick();
    const successor = await exportedLines(org);
    const ended = await exportedLines(org, "?log=1");
    expect(lines()).toEqual([...ended, ...successor]);
    expect(received.at(-1)?.headers.get("x-mcpg-log-origin")).toMatch(/\/log-2$/);
    expect(await deliveryOf(org)).toMatchObject({ log: 2, next_seq: successor.length });
  });

  it("says how many entries retention removed before the receiver took them, and goes on after them", async () => {
    const { received } = receiver();
    const org = await forwardingOrg(10);
    const status = Ledger.prototype.status;
    vi.spyOn(Ledger.prototype, "status").mockImplementation(function (this: Ledger) {
      const real = status.call(this);
      return real && { ...real, minIndex: 8 };
    });
    await tick();
    expect(received[0]?.headers.get("x-mcpg-first-seq")).toBe("8");
    expect(await deliveryOf(org)).toMatchObject({ next_seq: 12, missed_entries: 8 });
  });

  it("says that a log is shorter than what was forwarded, and sends nothing of it", async () => {
    const { received } = receiver();
    const org = await forwardingOrg(10);
    await tick();
    await append(org, 3);
    received.length = 0;
    const status = Ledger.prototype.status;
    vi.spyOn(Ledger.prototype, "status").mockImplementation(function (this: Ledger) {
      const real = status.call(this);
      return real && { ...real, treeSize: 4 };
    });
    await tick();
    expect(received).toEqual([]);
    expect((await deliveryOf(org)).last_error).toBe(
      "the log has fewer entries than were forwarded",
    );
  });

  it("goes where the deployment says, with its secret, for orgs that say nothing", async () => {
    const { received } = receiver();
    const org = await makeOrg();
    await runAlarms(logOf(org));
    const headers = { authorization: `Bearer \${OTEL_TOKEN}` };
    const OBSERVABILITY = { audit: { forward: { endpoint: ENDPOINT, headers } } };
    const env = { ...workerEnv, OBSERVABILITY, OTEL_TOKEN: "s3cr3t" } as typeof workerEnv;
    await runOnce(env, deliveryJob, [await targetsOf(org)]);
    expect(received.map((one) => one.headers.get("authorization"))).toEqual(["Bearer s3cr3t"]);
  });

  it("keeps what it cannot open, and says so, rather than send without its credential", async () => {
    const { received } = receiver();
    const org = await forwardingOrg(1);
    const spoil =
      "UPDATE observability SET settings = replace(settings, 'v2.', 'v3.') WHERE org = ?1";
    await workerEnv.DIRECTORY.prepare(spoil).bind(org).run();
    await tick();
    expect(received).toEqual([]);
    expect((await deliveryOf(org)).last_error).toContain("cannot be opened");
  });

  it("begins no later than the tick of one org's failure for another", async () => {
    const { received } = receiver(({ headers }) => {
      if (headers.get("x-mcpg-org") === broken) throw new TypeError("network");
      return new Response(null, { status: 200 });
    });
    const broken = await forwardingOrg(1);
    const sound = await forwardingOrg(1);
    await tick();
    expect(await deliveryOf(sound)).toMatchObject({ next_seq: 3 });
    expect(await deliveryOf(broken)).toMatchObject({ next_seq: 0, failures: 1 });
    expect((await deliveryOf(broken)).last_error).toBe("could not be reached, or broke off");
    expect(received.length).toBeGreaterThan(1);
  });
});
