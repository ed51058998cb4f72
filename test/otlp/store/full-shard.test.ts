import { describe, expect, it } from "vitest";
import "#capabilities.ts";
import { estimateBytes } from "#calls/store/sizes.ts";
import type { Span } from "#formats/otlp/trace-model.ts";
import type { Org } from "#orgs/org.ts";
import { requireStatus } from "../../harness/answers.ts";
import { call } from "../../harness/deployment.ts";
import { countRows, refuseOrg } from "../../harness/shard-org.ts";
import { chain, counted, db, newOrg, post, send, settle, span } from "../one-call-kit.ts";

const rowsOf = async ({ org }: Org) => [
  await countRows(org, "waiting_calls"),
  await countRows(org, "call_links"),
];

describe("The largest org on a full shard", () => {
  const known = span();
  const cases: [what: string, before: Span[], spans: Span[]][] = [
    ["callers' spans", [], [span({ side: "client" })]],
    [
      "both spans of a call, and a caller's",
      [],
      [...chain("client", "server"), span({ side: "client" })],
    ],
    ["a caller's beside a server's that is there", [known], [known, span({ side: "client" })]],
  ];
  it.each(cases)(
    "is refused %s: none waits, none links, and all is taken once there is room",
    async (_, before, spans) => {
      const org = await newOrg();
      await send(org, [span({ side: "client" })]);
      if (before.length > 0) await send(org, before);
      const rows = await rowsOf(org);
      const samples = (await counted(org)).length;
      // What keeps spans beside would refuse the request too.
      const streams = { traces: { enabled: false } };
      await requireStatus(200, call("PUT", `/v1/orgs/${org.org}/observability`, { body: streams }));
      await refuseOrg(org.org, Date.now());
      await expect(send(org, spans)).rejects.toMatchObject({
        failure: { kind: "shard_full_for_org" },
      });
      expect(await rowsOf(org)).toEqual(rows);
      expect(await counted(org)).toHaveLength(samples);
      await refuseOrg(org.org, null);
      await send(org, spans);
      await settle(org);
      const isCalled = spans.length === 3 ? 3 : 2;
      expect(await counted(org)).toHaveLength(isCalled + before.length);
    },
  );

  it("has what waited before counted all the same: it was acknowledged", async () => {
    const org = await newOrg();
    const [client] = chain("client") as [Span];
    await send(org, [client, span({ side: "client", tool: "other" })]);
    await refuseOrg(org.org, Date.now());
    expect(await settle(org)).toEqual(["settled", "empty"]);
    expect(await counted(org)).toEqual(["agent list_repos ok", "agent other ok"]);
    expect(await countRows(org.org, "waiting_calls")).toBe(0);
  });

  it("has its heartbeats taken", async () => {
    const org = await newOrg();
    await refuseOrg(org.org, Date.now());
    expect(await post(org, [])).toMatchObject({ accepted: 0 });
  });
});

describe("An org's size", () => {
  it("has what waits in it, and how spans hang together", async () => {
    const org = await newOrg();
    await send(
      org,
      Array.from({ length: 1_000 }, () => span({ side: "client" })),
    );
    const select = `SELECT (SELECT sum(bytes) FROM waiting_calls WHERE org = ?1)
      + (SELECT sum(octet_length(traces)) FROM call_links WHERE org = ?1) AS bytes`;
    const kept = await db.prepare(select).bind(org.org).first<number>("bytes");
    expect(kept).toBeGreaterThan(100_000);
    expect(await estimateBytes(db, org.org)).toBeGreaterThan(kept!);
  });
});
