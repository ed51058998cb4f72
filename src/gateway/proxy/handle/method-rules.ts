/**
 * What each method of MCP is to the gateway: who decides it, and what is recorded of it. One that is not named
 * here is decided as a list of its plugin is.
 */

import type { RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import { eraOf } from "#gateway/proxy/message/protocol-version.ts";

/** Whose answers' items are filtered: the member of the result that holds them. */
export type ListMember = "tools" | "resources" | "prompts" | "resourceTemplates" | "tasks";

export type MethodRule =
  /** A decision entry, a completion and a sample. */
  | { kind: "call" }
  /** A decision entry: of a resource's URI, a prompt's name, or what is completed of either. */
  | { kind: "read"; target: "resource" | "prompt"; isRecorded: boolean }
  | { kind: "list"; member: ListMember }
  /** Asks for several resources to be watched. */
  | { kind: "listen" }
  /** Of a task that the caller began. */
  | { kind: "task" }
  /** Opens, keeps or tunes a connection: whoever may call anything may do it. */
  | { kind: "connect" }
  | { kind: "other" };

const RULES: Readonly<Record<string, MethodRule>> = {
  "tools/call": { kind: "call" },
  "resources/read": { kind: "read", target: "resource", isRecorded: true },
  "prompts/get": { kind: "read", target: "prompt", isRecorded: true },
  "resources/subscribe": { kind: "read", target: "resource", isRecorded: false },
  "resources/unsubscribe": { kind: "connect" },
  "tools/list": { kind: "list", member: "tools" },
  "resources/list": { kind: "list", member: "resources" },
  "resources/templates/list": { kind: "list", member: "resourceTemplates" },
  "prompts/list": { kind: "list", member: "prompts" },
  "tasks/list": { kind: "list", member: "tasks" },
  "subscriptions/listen": { kind: "listen" },
  "tasks/get": { kind: "task" },
  "tasks/update": { kind: "task" },
  "tasks/cancel": { kind: "task" },
  initialize: { kind: "connect" },
  ping: { kind: "connect" },
  "server/discover": { kind: "connect" },
  "logging/setLevel": { kind: "connect" },
};

const LEGACY_METHODS: ReadonlySet<string> = new Set([
  "resources/subscribe",
  "resources/unsubscribe",
]);

const OTHER: MethodRule = { kind: "other" };

type Params = Readonly<Record<string, unknown>> | null;

export function ruleOf({ method: named, params, version }: RpcMessage): MethodRule {
  const method = named ?? "";
  // Gone since 2026-07-28: whoever has it says so himself.
  if (eraOf(version) === "modern" && LEGACY_METHODS.has(method)) return OTHER;
  if (method === "completion/complete") return completionRule(params);
  // Gone since 2026-07-28 (SEP-2663): who has it says so himself.
  if (method === "tasks/result" && eraOf(version) === "legacy") return { kind: "task" };
  return Object.hasOwn(RULES, method) ? (RULES[method] ?? OTHER) : OTHER;
}

/** What would complete an argument of a prompt or a resource tells of it. */
function completionRule(params: Params): MethodRule {
  const ref = params?.["ref"] as { type?: unknown } | undefined;
  if (ref?.type === "ref/prompt") return { kind: "read", target: "prompt", isRecorded: false };
  return { kind: "read", target: "resource", isRecorded: false };
}

/**
 * What is read: a resource's URI, a prompt's name; "" where the request does not say. The other of the two, which
 * its server does not look at, names nothing.
 */
export function readTarget(method: string, params: Params, target: "resource" | "prompt"): string {
  const from = method === "completion/complete" ? params?.["ref"] : params;
  const { uri, name } = (from ?? {}) as { uri?: unknown; name?: unknown };
  const named = target === "prompt" ? name : uri;
  return typeof named === "string" ? named : "";
}

/** What a listen request wants to hear of, besides lists (2026-07-28, basic/patterns/subscriptions; SEP-2663). */
export function listenedTo(params: Params, member: "resourceSubscriptions" | "taskIds"): string[] {
  const { notifications } = (params ?? {}) as {
    notifications?: Partial<Record<typeof member, unknown>>;
  };
  const named = notifications?.[member];
  return Array.isArray(named) ? named.filter((one) => typeof one === "string") : [];
}
