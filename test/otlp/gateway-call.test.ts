import { describe, expect, it } from "vitest";
import type { Span } from "#formats/otlp/trace-model.ts";
import { newId } from "../harness/new-id.ts";
import { counted, newOrg, post, send, settle, span } from "./one-call-kit.ts";

/** A call of an agent through a gateway to a server: all three tell of it. */
function throughGateway() {
  const startMs = Date.now() - 1_000;
  const agent = span({ side: "client", startMs, durationMs: 100 });
  const gateway = span({ under: agent, startMs: startMs + 10, durationMs: 80 });
  const dispatch = span({ side: "client", under: gateway, startMs: startMs + 20, durationMs: 60 });
  const server = span({ under: dispatch, startMs: startMs + 30, durationMs: 40 });
  const id = newId(startMs + 10);
  const sample = {
    ...{ id, workspace: "prod", plugin: "behind-the-gateway", tool: "list_repos", outcome: "ok" },
    ...{ started_at: startMs + 10, duration_ms: 80 },
    ...{ trace_id: gateway.traceId, span_id: gateway.spanId, parent_span_id: agent.spanId },
  };
  return { agent, server, sample, inner: new Map([[id, dispatch.spanId]]) };
}

type Told = ReturnType<typeof throughGateway>;
type Tell = (org: Awaited<ReturnType<typeof newOrg>>, told: Told) => Promise<unknown>;
const tellers: Record<string, Tell> = {
  agent: (org, { agent }) => send(org, [agent] as Span[]),
  gateway: (org, { sample, inner }) => post(org, [sample], inner),
  server: (org, { server }) => send(org, [server] as Span[]),
};

const ORDERS = [
  ["gateway", "server"],
  ["gateway", "agent", "server"],
  ["gateway", "server", "agent"],
  ["agent", "gateway", "server"],
  ["server", "gateway"],
  ["server", "agent", "gateway"],
  ["agent", "server", "gateway"],
] as const;

describe("A call through the gateway to a server that sends its spans", () => {
  it.each(ORDERS)(
    "is counted once, told by %s, %s and %s, in an org that knows of no spans",
    async (...order) => {
      const org = await newOrg();
      const told = throughGateway();
      for (const teller of order) if (teller !== undefined) await tellers[teller]!(org, told);
      await settle(org);
      const isGatewayFirst = order.indexOf("gateway" as never) < order.indexOf("server" as never);
      const plugin = isGatewayFirst ? "behind-the-gateway" : "github";
      expect(await counted(org)).toEqual([`${plugin} list_repos ok`]);
    },
  );

  it("is another call where the server's span leads to another request of the gateway", async () => {
    const org = await newOrg();
    const [one, other] = [throughGateway(), throughGateway()];
    await tellers["gateway"]!(org, one);
    await tellers["server"]!(org, other);
    expect(await counted(org)).toHaveLength(2);
  });
});
