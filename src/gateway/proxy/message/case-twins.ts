/**
 * Names that a reader which does not mind case takes for members of the protocol: Go's encoding/json and .NET's
 * web defaults read "Name" as `name`, and over it. What was decided about is then not what is called.
 */

/** Folds as Go does: the Kelvin sign is a k to it and the long s an s, so that upper case comes first. */
export function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

class KnownNames {
  readonly #names: ReadonlySet<string>;
  readonly #folded: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    this.#names = new Set(names);
    this.#folded = new Set(names.map(folded));
  }

  hasTwinIn(value: unknown): boolean {
    if (typeof value !== "object" || value === null) return false;
    return Object.keys(value).some((name) => this.hasTwinOf(name));
  }

  /** `read`: the name as a lax reader has it. */
  hasTwinOf(name: string, read = name): boolean {
    return !this.#names.has(name) && this.#folded.has(folded(read));
  }
}

const ENVELOPE = new KnownNames(["jsonrpc", "id", "method", "params", "result", "error"]);

/** Of every request and notification that a client may send, in any version. */
const PARAMS = new KnownNames([
  ...["_meta", "name", "arguments", "uri", "taskId", "cursor", "task"],
  ...["ref", "argument", "context", "inputResponses", "requestState", "notifications"],
  ...["protocolVersion", "capabilities", "clientInfo", "level", "requestId", "reason"],
  ...["progressToken", "progress", "total", "message", "status"],
]);

const META = new KnownNames([
  ...["progressToken", "traceparent", "tracestate", "baggage"],
  ...["protocolVersion", "clientInfo", "clientCapabilities", "logLevel", "subscriptionId"].map(
    (name) => `io.modelcontextprotocol/${name}`,
  ),
]);

/** Of `completion/complete`: whose completions are asked for. */
const REFERENCE = new KnownNames(["type", "name", "uri"]);

/** That are decided by what they name: to a server that does not mind case, "Tools/Call" is a call. */
const METHODS = new KnownNames([
  ...["tools/call", "resources/read", "resources/subscribe", "prompts/get", "completion/complete"],
  ...["tools/list", "resources/list", "resources/templates/list", "prompts/list"],
  ...["subscriptions/listen", "tasks/get", "tasks/result", "tasks/update", "tasks/cancel"],
]);

function isMethodTwin(method: unknown): boolean {
  if (typeof method !== "string") return false;
  return METHODS.hasTwinOf(method, method.trim().replace(/\/{2,}/g, "/"));
}

/** Of a JSON-RPC message: its own members, and those of its params that the protocol defines. */
export function hasCaseTwin(message: Readonly<Record<string, unknown>>): boolean {
  if (ENVELOPE.hasTwinIn(message) || isMethodTwin(message["method"])) return true;
  const params = (message["params"] ?? {}) as Readonly<Record<string, unknown>>;
  return (
    PARAMS.hasTwinIn(params) ||
    META.hasTwinIn(params["_meta"]) ||
    REFERENCE.hasTwinIn(params["ref"])
  );
}
