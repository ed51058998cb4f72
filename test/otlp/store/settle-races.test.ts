import { describe, expect, it } from "vitest";
import type { Span } from "#formats/otlp/trace-model.ts";
import { makeSample } from "../../harness/calls.ts";
import { LOST } from "../../harness/watched-d1.ts";
import {
  chain,
  counted,
  db,
  newOrg,
  orgRow,
  post,
  type Side,
  send,
  settle,
  span,
} from "../one-call-kit.ts";

/** Does `meanwhile` before the first batch that holds `part`, once. */
function racing(part: string, meanwhile: () => Promise<unknown>) {
  let isDone = false;
  return async (sql: string, sendOn: () => Promise<unknown>, isBatch: boolean) => {
    if (isBatch && sql.includes(part) && !isDone) {
      isDone = true;
      await meanwhile();
    }
    return sendOn();
  };
}

const COMMIT = "DELETE FROM waiting_calls";

describe("settling", () => {
  it("sees a server's call that is counted between its reading and its commit", async () => {
    for (const hop of [[], ["http"]] as Side[][]) {
      const org = await newOrg();
      const spans = chain("client", ...hop, "server");
      const server = spans.at(-1)!;
      await send(org, spans.slice(0, -1));
      const results = await settle(
        org,
        racing(COMMIT, () => send(org, [server])),
      );
      expect(results).toEqual(["contended", "settled", "empty"]);
      expect(await counted(org)).toEqual(["github list_repos ok"]);
    }
  });

  it("sees one without a common trace too, and a posted sample", async () => {
    const org = await newOrg();
    const attributes = { "jsonrpc.request.id": "s1" };
    await send(org, [span({ side: "client", attributes })]);
    await settle(
      org,
      racing(COMMIT, () => send(org, [span({ attributes })])),
    );
    expect(await counted(org)).toEqual(["github list_repos ok"]);
    const client = span({ side: "client" });
    const ids = {
      trace_id: client.traceId,
      span_id: "00000000000000ab",
      parent_span_id: client.spanId,
    };
    await send(org, [client]);
    await settle(
      org,
      racing(COMMIT, () => post(org, [makeSample({ plugin: "gw", ...ids })])),
    );
    expect(await counted(org)).toEqual(["github list_repos ok", "gw list_repos ok"]);
  });

  it("counts once what two settle at once, together or each a half of one call", async () => {
    const org = await newOrg();
    const [outer, inner] = chain("client", "client") as [Span, Span];
    await send(org, [outer]);
    await send(org, [inner]);
    await Promise.all([
      settle(org),
      settle(org),
      settle(
        org,
        racing(COMMIT, () => settle(org)),
      ),
    ]);
    expect(await counted(org)).toEqual(["agent list_repos ok"]);
  });

  it("counts once though each half of a call is settled by itself, at once", async () => {
    const org = await newOrg();
    const [outer, inner] = chain("client", "client") as [Span, Span];
    await send(org, [outer]);
    await send(org, [inner]);
    const makeDue = (first: boolean) =>
      db
        .prepare(
          `UPDATE waiting_calls SET due_ms = iif((id = (SELECT min(id) FROM waiting_calls WHERE org = ?1)) = ?2, 0, 1e15)
           WHERE org = ?1`,
        )
        .bind(org.org, first ? 1 : 0)
        .run();
    await makeDue(true);
    const settleInner = async () => {
      await makeDue(false);
      await settle(org);
    };
    expect((await settle(org, racing(COMMIT, settleInner)))[0]).toBe("contended");
    await makeDue(true);
    await settle(org);
    expect(await counted(org)).toEqual(["agent list_repos ok"]);
  });

  it("says once that an instance reported, though none of its calls is counted", async () => {
    const org = await newOrg();
    const [client, server] = chain("client", "server") as [Span, Span];
    await send(org, [server]);
    await send(org, [client]);
    await settle(
      org,
      racing(COMMIT, () => settle(org)),
    );
    const { results } = await db
      .prepare("SELECT payload ->> 0 AS instance FROM arrivals WHERE org = ?1")
      .bind(org.org)
      .all<{ instance: string }>();
    expect(results.map(({ instance }) => instance).sort()).toEqual(["agent", "github"]);
  });

  it("counts once when it dies before its commit, and when its answer is lost", async () => {
    for (const when of ["before", "after"] as const) {
      const org = await newOrg();
      await send(org, [span({ side: "client" })]);
      const faulty = (sql: string, sendOn: () => Promise<unknown>) =>
        faultOn(sql.includes(COMMIT), when, sendOn);
      if (when === "before") await expect(settle(org, faulty)).rejects.toThrow();
      else expect(await settle(org, faulty)).toEqual(["contended", "empty"]);
      await settle(org);
      expect(await counted(org)).toEqual(["agent list_repos ok"]);
    }
  });

  it("lets a server's call see a caller's that is counted between its reading and its commit", async () => {
    const org = await newOrg();
    const [client, server] = chain("client", "server") as [Span, Span];
    const other = chain("client", "server") as [Span, Span];
    await send(org, [other[0]]);
    await settle(org);
    await send(org, [client]);
    await send(
      org,
      [server, other[1]],
      racing("INSERT INTO tool_invocations", () => settle(org)),
    );
    expect(await counted(org)).toHaveLength(2);
    expect(await orgRow(org, "late_calls")).toEqual({ late_calls: 2 });
  });

  it("writes nothing in an org that was deleted or moved", async () => {
    const org = await newOrg();
    await send(org, [span({ side: "client" })]);
    expect(await settle({ ...org, generation: 2 })).toEqual(["empty"]);
    await db.prepare("UPDATE orgs SET generation = 3 WHERE org = ?1").bind(org.org).run();
    expect(await settle(org)).toEqual(["empty"]);
    expect(await counted(org)).toEqual([]);
  });
});

async function faultOn(isMet: boolean, when: "before" | "after", sendOn: () => Promise<unknown>) {
  if (!isMet) return sendOn();
  if (when === "after") await sendOn();
  throw new Error(LOST);
}
