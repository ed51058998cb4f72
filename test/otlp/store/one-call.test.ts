import { describe, expect, it } from "vitest";
import type { Span } from "#formats/otlp/trace-model.ts";
import { makeSample } from "../../harness/calls.ts";
import {
  chain,
  counted,
  db,
  linkTo,
  newOrg,
  orgRow,
  post,
  send,
  settle,
  span,
} from "../one-call-kit.ts";

/** Each order that so few can come in. */
function orders<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) =>
    orders(items.filter((_, at) => at !== index)).map((rest) => [item, ...rest]),
  );
}

/** What is counted of one call in each order that its spans may come in, all at once; each a different one. */
async function countedInAllOrders(spansOf: () => Span[]): Promise<string> {
  const org = await newOrg();
  const all = orders(Array.from(spansOf().keys()));
  const sendInOrder = async (order: readonly number[]) => {
    const spans = spansOf();
    for (const index of order) await send(org, [spans[index]!]);
  };
  await Promise.all(all.map(sendInOrder));
  await settle(org);
  const counts = Map.groupBy(await counted(org), (one) => one);
  const shares = Array.from(counts, ([one, { length }]) => `${length / all.length} ${one}`);
  return shares.join(", ");
}

describe("one call, each of its spans in a request of its own, in every order", () => {
  it.each<[string, () => Span[], string]>([
    [
      "its caller's and its server's",
      () => chain("client", { isFailed: true }),
      "1 github list_repos server_error",
    ],
    [
      "HTTP spans between them",
      () => chain("client", "http", "http", "server"),
      "1 github list_repos ok",
    ],
    [
      "a gateway's own, before its server's",
      () =>
        chain(
          "client",
          { service: "gw", tool: "gh__list_repos" },
          { side: "client", service: "gw" },
        ),
      "1 gw gh__list_repos ok",
    ],
    [
      "an agent's step, its caller's and its server's",
      () => chain("internal", "client", "server"),
      "1 github list_repos ok",
    ],
    [
      "a failure on the outer of a caller's two",
      () => chain({ side: "client", isFailed: true }, "client"),
      "1 agent list_repos server_error",
    ],
    [
      "a failure on the inner of a caller's two",
      () => chain("client", { side: "client", isFailed: true }),
      "1 agent list_repos server_error",
    ],
    [
      "another tool below",
      () => chain("client", "server", { side: "client", tool: "other" }),
      "1 agent other ok, 1 github list_repos ok",
    ],
  ])("%s", async (_, spansOf, expected) => {
    expect(await countedInAllOrders(spansOf)).toBe(expected);
  });

  it("a mounted server's two: the first stays, and is one", async () => {
    const seen = await countedInAllOrders(() =>
      chain({ side: "client", tool: "sub_add" }, { tool: "sub_add" }, { tool: "add" }),
    );
    expect(seen).toBe("0.5 github add ok, 0.5 github sub_add ok");
  });

  it("a link in place of a parent, and with HTTP's trace as its own", async () => {
    for (const isUnderHttp of [true, false]) {
      const seen = await countedInAllOrders(() => {
        const client = span({ side: "client" });
        const http = span({ side: "http" });
        const server = span({ under: isUnderHttp ? http : null, links: linkTo(client) });
        return isUnderHttp ? [client, http, server] : [client, server];
      });
      expect(seen).toBe("1 github list_repos ok");
    }
  });

  it("no trace in common, but the session's request", async () => {
    const seen = await countedInAllOrders(() => {
      const attributes = { "jsonrpc.request.id": crypto.randomUUID() };
      return [span({ side: "client", attributes }), span({ attributes })];
    });
    expect(seen).toBe("1 github list_repos ok");
  });

  it("a parent that nobody sent", async () => {
    const seen = await countedInAllOrders(() => {
      const client = span({ side: "client" });
      return [client, { ...span({ beside: client }), parentSpanId: "00000000000000aa" }];
    });
    expect(seen).toBe("1 github list_repos ok");
  });

  it("a span that is sent with two starts", async () => {
    for (const side of ["client", "server"] as const) {
      const seen = await countedInAllOrders(() => {
        const first = span({ side });
        const later = span({
          side,
          beside: first,
          spanId: first.spanId,
          startMs: first.start.ms + 1,
        });
        return [first, later];
      });
      expect(seen).toMatch(/^1 \w+ list_repos ok$/);
    }
  });
});

describe("a caller's call", () => {
  it("waits, and is in no list and no figure meanwhile", async () => {
    const org = await newOrg();
    await send(org, [span({ side: "client" })]);
    expect(await counted(org)).toEqual([]);
    await settle(org);
    expect(await counted(org)).toEqual(["agent list_repos ok"]);
    expect(await settle(org)).toEqual(["empty"]);
  });

  it("is each of a wrapper's tries, whichever comes first, and one of them is the wrapper's", async () => {
    const org = await newOrg();
    let sent = 0;
    for (const order of orders([0, 1, 2])) {
      const wrapper = span({ side: "client", durationMs: 500 });
      const tries = [1, 2].map((at) =>
        span({ side: "client", under: wrapper, startMs: wrapper.start.ms + at * 100 }),
      );
      for (const index of order) await send(org, [[wrapper, ...tries][index]!]);
      await settle(org);
      sent += 2;
      expect(await counted(org)).toHaveLength(sent);
    }
  });

  it("is each of a wrapper's tries too where some come after it was counted", async () => {
    const org = await newOrg();
    const wrapper = span({ side: "client", durationMs: 500 });
    const tries = [1, 2, 3].map((at) =>
      span({ under: wrapper, startMs: wrapper.start.ms + at * 100 }),
    );
    await send(org, [wrapper]);
    await settle(org);
    for (const index of [2, 0, 1]) await send(org, [tries[index]!]);
    await settle(org);
    expect(await counted(org)).toHaveLength(3);
  });

  it("is counted once however often it is sent, before and after", async () => {
    const org = await newOrg();
    const [outer, inner] = chain("client", "client") as [Span, Span];
    const lone = span({ side: "client" });
    await Promise.all(
      [[outer], [inner, lone], [inner], [lone, outer], [lone]].map((spans) => send(org, spans)),
    );
    await settle(org);
    expect(await counted(org)).toHaveLength(2);
    await send(org, [outer, inner, lone]);
    await send(org, [inner]);
    await settle(org);
    expect(await counted(org)).toHaveLength(2);
  });

  it("does not wait in an org that has sent callers' for a day, and no server's, until one comes", async () => {
    const org = await newOrg();
    await send(org, [span({ side: "client" })]);
    const dayAgoMs = Date.now() - 25 * 3_600_000;
    await db
      .prepare("UPDATE orgs SET callers_since_ms = ?2 WHERE org = ?1")
      .bind(org.org, dayAgoMs)
      .run();
    await send(org, [span({ side: "client" })]);
    const dueMs = () =>
      db
        .prepare(
          "SELECT due_ms - received_ms AS n FROM waiting_calls WHERE org = ?1 ORDER BY id DESC",
        )
        .bind(org.org)
        .first<number>("n");
    expect(await dueMs()).toBe(0);
    await send(org, [span()]);
    await new Promise((resolve) => setTimeout(resolve, 2));
    await send(org, [span({ side: "client" })]);
    expect(await dueMs()).toBe(30_000);
  });
});

describe("a server's call that comes after its caller's was counted", () => {
  it("is left out, and told as late, once", async () => {
    const org = await newOrg();
    const [client, , server] = chain("client", "http", { isFailed: true }) as [Span, Span, Span];
    await send(org, [client]);
    await settle(org);
    await send(org, [server]);
    await send(org, [server]);
    expect(await counted(org)).toEqual(["agent list_repos ok"]);
    expect(await orgRow(org, "late_calls")).toEqual({ late_calls: 1 });
  });
});

describe("a server's call whose caller's is not known", () => {
  it("is counted though a caller's was that stands for another, which came too late", async () => {
    const org = await newOrg();
    const client = span({ side: "client", durationMs: 500 });
    const unknown = (parentSpanId: string, afterMs: number) => ({
      ...span({ beside: client, startMs: client.start.ms + afterMs }),
      parentSpanId,
    });
    const servers = [unknown("00000000000000a1", 300), unknown("00000000000000a2", 100)];
    await send(org, [client]);
    await settle(org);
    for (const server of servers) await send(org, [{ ...server }]);
    expect(await counted(org)).toEqual(["agent list_repos ok", "github list_repos ok"]);
  });
});

describe("a posted sample that names its trace and span", () => {
  const sampleOf = ({ traceId, spanId }: Span, fields: object = {}) =>
    makeSample({
      plugin: "gw",
      trace_id: traceId,
      span_id: spanId,
      started_at: Date.now() - 1_000,
      duration_ms: 80,
      ...fields,
    });

  it.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])(
    "is its caller's call, named as its parent (%s) or by name and time, first (%s) or last",
    async (parent, isFirst) => {
      const org = await newOrg();
      const client = span({ side: "client", tool: "gh.list_repos" });
      const sample = sampleOf(
        span({ beside: client }),
        parent ? { parent_span_id: client.spanId } : {},
      );
      const sending = [() => post(org, [sample]), () => send(org, [client])];
      for (const one of isFirst ? sending : sending.toReversed()) await one();
      await settle(org);
      expect(await counted(org)).toEqual(["gw list_repos ok"]);
    },
  );

  it("keeps its own name though its server's span lies below, and is a duplicate of what came before", async () => {
    const org = await newOrg();
    const own = span();
    const [server, later] = [span({ under: own }), span()];
    await post(org, [sampleOf(own)]);
    await send(org, [server]);
    expect(await counted(org)).toEqual(["gw list_repos ok"]);
    await send(org, [later]);
    expect(await post(org, [sampleOf(later)])).toMatchObject({ accepted: 0, duplicates: 1 });
  });

  it("is counted like any other in an org that sends no spans, and two of one trace are two", async () => {
    const org = await newOrg();
    const own = span();
    const answer = await post(org, [sampleOf(own), sampleOf(span({ beside: own }))]);
    expect(answer).toMatchObject({ accepted: 2, duplicates: 0 });
    const { n } = (await db
      .prepare("SELECT count(*) AS n FROM call_links WHERE org = ?1")
      .bind(org.org)
      .first<{ n: number }>())!;
    expect(n).toBe(0);
  });
});
