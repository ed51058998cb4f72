/**
 * The ledgers' namespace with a CLIENT span for each call, by OpenTelemetry's semantic conventions for RPC
 * (docs/rpc/rpc-spans.md). The call carries no context: RPC has no headers, and a ledger makes no spans.
 */
import { SPAN_KIND } from "#formats/otlp/trace-model.ts";
import { activeSpan, measured } from "./active-span.ts";

type Method = (...args: unknown[]) => Promise<unknown>;

const STUB_MAKERS = new Set<string | symbol>(["get", "getByName"]);

export function tracedNamespace<Traced extends object>(inner: Traced, service: string): Traced {
  return new Proxy(inner, {
    get(namespace, property) {
      const value: unknown = Reflect.get(namespace, property);
      if (typeof value !== "function") return value;
      if (!STUB_MAKERS.has(property)) return value.bind(namespace);
      return (...args: unknown[]) => {
        const stub: object = Reflect.apply(value, namespace, args);
        return activeSpan() === null ? stub : tracedStub(stub, service);
      };
    },
  });
}

/**
 * The runtime's stub has a method for every name, so only these, which are the stub's own, are let through.
 */
const PLAIN = new Set<string | symbol>(["id", "name", "then", "dup", "constructor"]);

function tracedStub(stub: object, service: string): object {
  return new Proxy(stub, {
    get(target, property) {
      if (typeof property === "symbol" || PLAIN.has(property)) return Reflect.get(target, property);
      const describe = () => callDescription(service, property);
      return (...args: unknown[]) =>
        // It is called as the stub's method: read from the stub first, it would be a call by itself.
        measured(describe, async () => (target as Record<string, Method>)[property]?.(...args));
    },
  });
}

/** `rpc.method` is the whole name, which is also the span's. */
function callDescription(service: string, method: string) {
  const name = `${service}/${method}`;
  const attributes = new Map([
    ["rpc.system.name", "workers-rpc"],
    ["rpc.method", name],
  ]);
  return { name, kind: SPAN_KIND.client, attributes };
}
