/** Every way in which a call through the gateway can end, and what api.md says is recorded of it. */
import type { RawCall } from "./raw-call.ts";

export interface ExactPath {
  /** The plugin's name too. */
  name: string;
  /** The rough server's; default the name. */
  way?: string;
  share: number;
  call?: Partial<Pick<RawCall, "leaves" | "bodyOf" | "version">>;
  timeoutMs?: number;
  /** Of the JSON-RPC answer: an error's code, null for a result, undefined where none comes or none is laid down. */
  code?: number | null;
  outcome: string;
  /** Any of these; empty: one that api.md does not lay down. */
  errorCodes: readonly (string | null)[];
  decision: "tool.call.allowed" | "tool.call.denied";
  completion: "allowed" | "error" | null;
  /** What the upstream has to have been sent. */
  isDispatched: boolean;
}

const MODERN = { version: "2026-07-28" as const };
const QUICK_MS = 1_000;

function failing(
  name: string,
  [outcome, ...errorCodes]: [string, ...string[]],
  more: Partial<ExactPath> = {},
): ExactPath {
  return {
    name,
    share: 4,
    outcome,
    errorCodes,
    decision: "tool.call.allowed",
    completion: "error",
    isDispatched: true,
    ...more,
  };
}

function denied(name: string, errorCode: string, more: Partial<ExactPath>): ExactPath {
  return {
    name,
    way: "ok",
    share: 4,
    outcome: "policy_denied",
    errorCodes: [errorCode],
    decision: "tool.call.denied",
    completion: null,
    isDispatched: false,
    ...more,
  };
}

function permitted(name: string, share: number): ExactPath {
  return {
    name,
    share,
    code: null,
    outcome: "ok",
    errorCodes: [null],
    decision: "tool.call.allowed",
    completion: "allowed",
    isDispatched: true,
  };
}

/** What an earlier reader and a later one would read differently. */
const AMBIGUITIES: Record<string, (right: string) => string> = {
  "twice-named": (right) => right.replace('"name":"work"', '"name":"work","name":"other"'),
  "case-twin": (right) => right.replace('"name":"work"', '"name":"work","Name":"other"'),
  batch: (right) => `[${right}]`,
};

/** Shares are of 10,000 calls together; the slow ones are few. */
export const EXACT_PATHS: readonly ExactPath[] = [
  permitted("ok", 32),
  permitted("stream", 12),
  failing("tool-error", ["server_error", "tool_error"], { code: null }),
  failing("invalid-params", ["client_error", "-32602"], { code: -32_602 }),
  failing("internal-error", ["server_error", "-32603"], { code: -32_603 }),
  failing("http-500", ["server_error", "upstream_500"]),
  failing("http-404", ["server_error", "upstream_404"]),
  failing("redirect", ["server_error", "upstream_unreachable"], { share: 3 }),
  failing("down", ["server_error", "upstream_unreachable"], {
    way: "ok",
    isDispatched: false,
    code: -31_004,
  }),
  failing("slow", ["server_error", "timeout"], { share: 2, timeoutMs: QUICK_MS, code: -31_005 }),
  failing("stall", ["server_error", "timeout"], { share: 2, timeoutMs: QUICK_MS, code: -31_005 }),
  failing("reset-at-once", ["server_error", "upstream_unreachable", "upstream_reset"], {
    share: 3,
  }),
  failing("reset", ["server_error", "upstream_reset"], { code: -31_006 }),
  failing("cut-json", ["server_error", "upstream_reset", "no_answer"], { share: 3 }),
  failing("no-answer", ["server_error", "no_answer"], { code: -31_007 }),
  failing("accepted", ["server_error", "no_answer"], { share: 3, code: -31_007 }),
  failing("not-json", ["server_error"], { share: 2 }),
  failing("bad-json", ["server_error"], { share: 2 }),
  failing("huge", ["server_error"], { share: 0.1 }),
  failing("gone-before", ["client_error", "cancelled"], {
    way: "late",
    share: 4,
    call: { ...MODERN, leaves: "before-the-first-byte" },
  }),
  failing("gone-after", ["client_error", "cancelled"], {
    way: "late-stream",
    share: 4,
    call: { ...MODERN, leaves: "after-the-first-byte" },
  }),
  denied("denied", "policy_denied", { code: -31_001, share: 6 }),
  denied("quarantined", "quarantined", { code: -31_003 }),
  ...Object.entries(AMBIGUITIES).map(([name, bodyOf]) =>
    denied(name, "ambiguous", { share: 2, call: { ...MODERN, bodyOf } }),
  ),
];
