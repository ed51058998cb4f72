import { describe, expect, it } from "vitest";
import { countCallers } from "#calls/pairing/count-once.ts";
import { spanOfCall } from "#calls/pairing/told-calls.ts";
import type { ResourceSpans, Span } from "#formats/otlp/trace-model.ts";
import { callsOfRequest } from "#otlp/span-calls.ts";
import { parseCalls, Reporters, reportsOfCalls } from "#otlp/span-reports.ts";
import { tellRequest } from "#otlp/told-spans.ts";
import { atOnce } from "#platform/slices.ts";
import { ATTRIBUTES, makeSpan, RESOURCE } from "./spans.ts";

const SERVER = 2;
const CLIENT = 3;
const INTERNAL = 1;
/** `spanId` and `parentSpanId` by a letter. */
const id = (letter: string) => letter.charCodeAt(0).toString(16).padStart(16, "0");

function spanOf(name: string, kind: number, parent: string | null, tool = "list_repos"): Span {
  const parentSpanId = parent === null ? null : id(parent);
  const attributes = { ...ATTRIBUTES, "gen_ai.tool.name": tool };
  return makeSpan({ spanId: id(name), parentSpanId, kind, attributes });
}

function processOf(service: string, ...spans: Span[]): ResourceSpans {
  return {
    resource: new Map(
      Object.entries({ ...RESOURCE, "service.name": service, "service.instance.id": service }),
    ),
    scopeSpans: [{ scope: { name: "", version: "" }, spans }],
  };
}

const CONTEXT = { receivedAtMs: 1_795_333_300_000, fingerprintKey: new Uint8Array(32) };

async function toldOf(traces: ResourceSpans[]) {
  const { calls } = await callsOfRequest(traces);
  return tellRequest(traces, (await parseCalls(calls, CONTEXT)).calls);
}

/** What is counted once nothing else came, as letters with the plugin that it is counted for. */
async function countedOf(...traces: ResourceSpans[]): Promise<string[]> {
  const { spans, servers, callers } = await toldOf(traces);
  const waited = new Map(callers.map((call) => [spanOfCall(call, "undecided")!, call]));
  const { counted } = atOnce(countCallers([...spans, ...waited.keys()]));
  const calls = [...servers.keys(), ...[...counted.keys()].map((span) => waited.get(span)!)];
  const letters = calls.map(({ spanId, plugin }) => {
    const letter = String.fromCharCode(Number.parseInt(spanId ?? "", 16));
    return `${letter} ${plugin}`;
  });
  return letters.sort();
}

describe("callsOfRequest", () => {
  it("counts the server's span of a call, whichever comes first", async () => {
    const client = processOf("agent", spanOf("c", CLIENT, "a"));
    const server = processOf("github", spanOf("s", SERVER, "c"));
    expect(await countedOf(client, server)).toEqual(["s github"]);
    expect(await countedOf(server, client)).toEqual(["s github"]);
  });

  it("counts the client's where there is no server's", async () => {
    expect(await countedOf(processOf("agent", spanOf("c", CLIENT, "a")))).toEqual(["c agent"]);
  });

  it("counts Logfire's span at the server, whose name alone says what it is, before its caller's", async () => {
    const request = '{"method":"tools/call","params":{"name":"list_repos"}}';
    const of = (name: string, spanId: string, parent: string | null, attributes: object) =>
      makeSpan({
        ...{ name, kind: INTERNAL, spanId: id(spanId) },
        parentSpanId: parent === null ? null : id(parent),
        attributes: { request, ...attributes },
      });
    const client = of("MCP request: tools/call list_repos", "c", null, {
      "rpc.method": "tools/call",
    });
    const server = of("MCP server handle request: tools/call", "s", "c", {});
    const sides = [processOf("agent", client), processOf("github", server)];
    expect(await countedOf(...sides)).toEqual(["s github"]);
    expect(await countedOf(...sides.reverse())).toEqual(["s github"]);
  });

  it("counts each of the server's spans that share a parent which is no call", async () => {
    const spans = [spanOf("s", SERVER, "a"), spanOf("t", SERVER, "a"), spanOf("u", SERVER, "a")];
    expect(await countedOf(processOf("github", ...spans))).toHaveLength(3);
  });

  it("counts what a gateway passes on under the gateway, also behind a prefix, and once", async () => {
    for (const outer of ["list_repos", "github__list_repos", "github.list_repos"]) {
      const agent = processOf("agent", spanOf("c", CLIENT, null, outer));
      const server = spanOf("g", SERVER, "c", outer);
      const gateway = processOf("gateway", server, spanOf("d", CLIENT, "g"));
      const backend = processOf("github", spanOf("s", SERVER, "d"));
      expect(await countedOf(agent, gateway, backend)).toEqual(["g gateway"]);
      expect(await countedOf(backend, gateway, agent)).toEqual(["g gateway"]);
      expect(await countedOf(gateway)).toEqual(["g gateway"]);
    }
  });

  it("counts another tool that a server calls in turn as a call of its own", async () => {
    const agent = processOf("agent", spanOf("c", CLIENT, null));
    const gateway = processOf(
      "gateway",
      spanOf("g", SERVER, "c"),
      spanOf("d", CLIENT, "g", "other"),
    );
    const backend = processOf("github", spanOf("s", SERVER, "d", "other"));
    expect(await countedOf(agent, gateway, backend)).toEqual(["g gateway", "s github"]);
    expect(await countedOf(agent, gateway)).toEqual(["d gateway", "g gateway"]);
  });

  it("counts once what instrumentations wrap in one process, by the span that the server names", async () => {
    const wrapped = [spanOf("i", INTERNAL, "a"), spanOf("c", CLIENT, "i")];
    expect(await countedOf(processOf("agent", ...wrapped))).toEqual(["c agent"]);
    const twice = [spanOf("c", CLIENT, "a"), spanOf("d", CLIENT, "c")];
    expect(await countedOf(processOf("agent", ...twice))).toEqual(["d agent"]);
    const inner = [spanOf("s", SERVER, null), spanOf("i", INTERNAL, "s")];
    expect(await countedOf(processOf("github", ...inner))).toEqual(["s github"]);
    const all = processOf("agent", ...wrapped);
    expect(await countedOf(all, processOf("github", spanOf("s", SERVER, "c")))).toEqual([
      "s github",
    ]);
  });

  it("keeps calls of other tools apart, and takes a proxy's for its caller's", async () => {
    const tools = [spanOf("i", INTERNAL, "a", "plan"), spanOf("c", CLIENT, "i", "search")];
    expect(await countedOf(processOf("agent", ...tools))).toEqual(["c agent", "i agent"]);
    const hops = [
      processOf("agent", spanOf("c", CLIENT, "a")),
      processOf("proxy", spanOf("d", CLIENT, "c")),
    ];
    expect(await countedOf(...hops)).toEqual(["d proxy"]);
  });

  it("counts a process's call once however many resources it sends, and a copied span once", async () => {
    const inner = processOf("agent", spanOf("c", CLIENT, "i"));
    const outer = processOf("agent", spanOf("i", INTERNAL, "a"));
    expect(await countedOf(inner, outer)).toEqual(["c agent"]);
    expect(await countedOf(outer, inner)).toEqual(["c agent"]);
    const copied = processOf("agent", spanOf("c", CLIENT, null), spanOf("c", CLIENT, null));
    const server = processOf("github", spanOf("s", SERVER, "c"), spanOf("s", SERVER, "c"));
    expect(await countedOf(copied, server)).toEqual(["s github"]);
    expect(await countedOf(copied)).toEqual(["c agent"]);
  });

  it("counts once a call whose spans are linked by spans that do not count, in any order", async () => {
    for (const outer of [INTERNAL, CLIENT]) {
      const spans = [
        processOf("agent", spanOf("a", outer, null)),
        processOf("agent", spanOf("b", INTERNAL, "a")),
        processOf("github", spanOf("s", SERVER, "b")),
      ];
      expect(await countedOf(...spans)).toEqual(["s github"]);
      expect(await countedOf(...spans.reverse())).toEqual(["s github"]);
    }
    const chain = Array.from({ length: 20_000 }, (_, index) =>
      spanOf(String.fromCharCode(index + 1), INTERNAL, String.fromCharCode(index)),
    );
    expect(await countedOf(processOf("agent", ...chain))).toHaveLength(1);
  });

  it("counts each server's span under one caller, and the caller's only if none is of its tool", async () => {
    const client = processOf("agent", spanOf("c", CLIENT, null));
    const tries = processOf("github", spanOf("s", SERVER, "c"), spanOf("t", SERVER, "c"));
    expect(await countedOf(client, tries)).toEqual(["s github", "t github"]);
    const tools = [spanOf("s", SERVER, "c", "y"), spanOf("t", SERVER, "c", "z")];
    const others = processOf("github", ...tools);
    expect(await countedOf(client, others)).toEqual(["c agent", "s github", "t github"]);
    const wrapped = [
      spanOf("i", INTERNAL, null),
      spanOf("c", CLIENT, "i"),
      spanOf("d", CLIENT, "i"),
    ];
    expect(await countedOf(processOf("agent", ...wrapped))).toEqual(["c agent", "d agent"]);
    expect(
      await countedOf(
        processOf("agent", ...wrapped),
        processOf("github", spanOf("s", SERVER, "d")),
      ),
    ).toHaveLength(2);
  });

  it("counts the caller's span of a call whose server's cannot be counted", async () => {
    const ahead = { ms: CONTEXT.receivedAtMs + 600_000, nanos: 0 };
    const server = { ...spanOf("s", SERVER, "c"), start: ahead, end: ahead };
    const traces = [processOf("agent", spanOf("c", CLIENT, null)), processOf("github", server)];
    expect(await countedOf(...traces)).toEqual(["c agent"]);
  });

  it("counts a span that names itself as its parent", async () => {
    expect(await countedOf(processOf("agent", spanOf("c", CLIENT, "c")))).toEqual(["c agent"]);
    expect(await countedOf(processOf("agent", spanOf("i", INTERNAL, "i")))).toEqual(["i agent"]);
    const circle = [spanOf("i", INTERNAL, "j"), spanOf("j", INTERNAL, "i")];
    expect(await countedOf(processOf("agent", ...circle))).toHaveLength(1);
  });

  it("does not take spans of two traces with the same ids for parent and child", async () => {
    const attributes = { ...ATTRIBUTES, "jsonrpc.request.id": "4" };
    const ids = { spanId: id("s"), parentSpanId: id("c"), traceId: "a".repeat(32) };
    const server = makeSpan({ ...ids, attributes });
    const client = makeSpan({ spanId: id("c"), kind: CLIENT });
    expect(await countedOf(processOf("p", server, client))).toHaveLength(2);
  });

  it("reports by instance, and says what became of the rest", async () => {
    const unnamed = makeSpan({
      name: "tools/call",
      attributes: { "mcp.method.name": "tools/call" },
    });
    const chat = makeSpan({ attributes: { "gen_ai.operation.name": "chat" } });
    const one = processOf(
      "a",
      spanOf("c", CLIENT, null),
      spanOf("s", SERVER, "c"),
      unnamed,
      chat,
      chat,
    );
    const other = processOf("b", spanOf("t", SERVER, null));
    const elsewhere = { ...other, resource: new Map([["service.instance.id", "gw-2"]]) };
    const calls = await callsOfRequest([one, elsewhere]);
    const { servers, callers } = await toldOf([one, elsewhere]);
    expect(callers).toEqual([]);
    const [reports = []] = reportsOfCalls([...servers.keys()], new Reporters(), 1);
    expect(reports.map(({ header, calls }) => [header.instance, calls.length])).toEqual([
      ["a", 1],
      ["gw-2", 1],
    ]);
    expect(calls).toMatchObject({ ignored: 2, rejected: 1 });
    expect(calls.reason).toMatch(/names no tool/);
    expect(await callsOfRequest([])).toEqual({
      ...{ calls: [], ignored: 0, unmapped: new Map() },
      ...{ rejected: 0, reason: null },
    });
  });
});
