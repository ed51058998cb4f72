/** Spans as an SDK sends them, for the tests of what becomes of them. */
import type { Span } from "#formats/otlp/trace-model.ts";

export const ATTRIBUTES = {
  "mcp.method.name": "tools/call",
  "gen_ai.tool.name": "list_repos",
  "gen_ai.operation.name": "execute_tool",
  "jsonrpc.request.id": "3",
  "mcp.session.id": "8267461134f24305af708e66b8eda71a",
  "network.transport": "tcp",
  "enduser.id": "alice@acme",
  "http.request.body.size": 120,
  "http.response.body.size": "9000",
} as const;

export const RESOURCE = {
  "service.name": "github",
  "service.instance.id": "gw-1",
  "deployment.environment.name": "prod",
} as const;

type Given = Partial<Omit<Span, "attributes">> & {
  attributes?: Record<string, string | number | boolean>;
};

/** A server's span of a tool call, but for what is given. */
export function makeSpan({ attributes = ATTRIBUTES, ...given }: Given): Span {
  return {
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    spanId: "00f067aa0ba902b7",
    parentSpanId: "eee19b7ec3c1b173",
    traceState: "",
    flags: 0x301,
    name: "tools/call list_repos",
    kind: 2,
    start: { ms: 1_795_333_292_123, nanos: 456_789 },
    end: { ms: 1_795_333_292_207, nanos: 656_789 },
    status: { code: 0, message: "" },
    ...given,
    attributes: new Map(Object.entries(attributes)),
  };
}
