/**
 * The rooms of src/ and what each may import besides itself: what no row names is refused. A row of a
 * folder adds to the row of its room. Rooms come before those that import them.
 *
 * `npm run walls` writes walls.json of this, by which Biome lints each file; e2e `walls` tries every wall.
 */
export interface Row {
  /** `calls`, `calls/http`; "" is src itself, whose files put the rooms together. */
  readonly folder: string;
  readonly rooms?: readonly string[];
  /** Each is a gitignore pattern: `hono/**` is all below hono and not hono itself. */
  readonly packages?: readonly string[];
}

const HASHES = ["@noble/hashes/**"];
const SCHEMAS = ["typebox", "typebox/**"];
const ROUTES = ["hono", "hono/**", ...SCHEMAS];
const TABLES = ["drizzle-orm", "drizzle-orm/**"];
const NODE = ["node:*", "node:*/*"];
const WORKERS = ["cloudflare:workers"];

export const ROWS: readonly Row[] = [
  // In any runtime, the browser too.
  {
    folder: "formats",
    packages: ["@noble/ed25519", ...HASHES, "@bufbuild/protobuf/**", "#wasm/sha256.wasm"],
  },

  { folder: "platform", rooms: ["formats"], packages: NODE },
  { folder: "platform/d1", packages: TABLES },

  {
    folder: "http",
    rooms: ["formats", "platform"],
    packages: [...ROUTES, "yaml", "node:stream", "node:zlib"],
  },

  { folder: "vault", rooms: ["formats", "platform"], packages: HASHES },

  { folder: "orgs", rooms: ["formats", "platform", "vault"], packages: [...SCHEMAS, ...HASHES] },
  { folder: "orgs/store", packages: TABLES },
  { folder: "orgs/http", rooms: ["http"], packages: ROUTES },

  {
    folder: "redaction",
    rooms: ["formats", "platform", "orgs"],
    packages: ["@secretlint/secretlint-rule-preset-recommend"],
  },
  { folder: "redaction/http", rooms: ["http"], packages: ROUTES },

  { folder: "streams", rooms: ["formats", "platform", "vault", "orgs"], packages: SCHEMAS },
  { folder: "streams/store", packages: TABLES },
  { folder: "streams/http", rooms: ["http"], packages: ROUTES },

  {
    folder: "tracing",
    rooms: ["formats", "platform", "orgs", "streams"],
    packages: ["node:async_hooks"],
  },
  { folder: "tracing/http", rooms: ["http"], packages: ROUTES },

  {
    folder: "calls",
    rooms: ["formats", "platform", "vault", "orgs", "streams"],
    packages: [...SCHEMAS, ...HASHES],
  },
  { folder: "calls/store", packages: TABLES },
  { folder: "calls/http", rooms: ["http"], packages: ROUTES },

  {
    folder: "audit",
    rooms: ["formats", "platform", "vault", "orgs", "redaction", "streams"],
    packages: [...SCHEMAS, ...HASHES, "modern-tar"],
  },
  { folder: "audit/ledger", packages: WORKERS },
  { folder: "audit/store", packages: TABLES },
  { folder: "audit/http", rooms: ["http"], packages: ROUTES },

  {
    folder: "payloads",
    rooms: ["formats", "platform", "vault", "orgs", "redaction", "calls", "audit"],
    packages: [...HASHES, "node:zlib"],
  },
  { folder: "payloads/http", rooms: ["http"], packages: ROUTES },

  {
    folder: "otlp",
    rooms: ["formats", "platform", "vault", "orgs", "streams", "tracing", "calls", "payloads"],
    packages: HASHES,
  },
  { folder: "otlp/store", packages: TABLES },
  { folder: "otlp/http", rooms: ["http"], packages: ROUTES },

  {
    folder: "drilldown",
    rooms: ["formats", "platform", "orgs", "tracing", "calls", "audit", "otlp"],
  },
  { folder: "drilldown/http", rooms: ["http"], packages: ROUTES },

  {
    folder: "delivery",
    rooms: [
      ...["formats", "platform", "vault", "orgs", "streams", "tracing", "calls", "audit"],
      "payloads",
    ],
    packages: ["node:zlib"],
  },
  { folder: "delivery/store", packages: TABLES },
  // The status of its streams tells what came in by OTLP, too.
  { folder: "delivery/http", rooms: ["http", "otlp"], packages: ROUTES },

  // MCP clients call their tools through it: what it decides and sees is recorded by the verbs of calls and audit.
  {
    folder: "gateway",
    rooms: [
      ...["formats", "platform", "vault", "orgs", "streams", "tracing", "calls", "audit"],
      "payloads",
    ],
    packages: [...SCHEMAS, ...HASHES],
  },
  { folder: "gateway/proxy/upstream", packages: ["eventsource-parser", "eventsource-parser/**"] },
  { folder: "gateway/proxy/http", rooms: ["http"], packages: ROUTES },
  { folder: "gateway/identity", packages: ["jose"] },
  { folder: "gateway/identity/store", packages: TABLES },
  { folder: "gateway/identity/http", rooms: ["http"], packages: [...ROUTES, "jose"] },
  { folder: "gateway/policy/store", packages: TABLES },
  { folder: "gateway/policy/http", rooms: ["http"], packages: ROUTES },
  {
    folder: "gateway/policy/engine",
    packages: [...WORKERS, "@cedar-policy/**", "**/node_modules/@cedar-policy/**"],
  },
  // A probe reads its answers itself.
  { folder: "gateway/plugins/probe", packages: ["eventsource-parser"] },
  { folder: "gateway/plugins/store", packages: TABLES },
  { folder: "gateway/plugins/http", rooms: ["http"], packages: ROUTES },
  { folder: "gateway/record/store", packages: TABLES },
  { folder: "gateway/figures/store", packages: TABLES },
  { folder: "gateway/figures/http", rooms: ["http"], packages: ROUTES },

  { folder: "cli", rooms: ["formats"], packages: [...NODE, "commander"] },

  // Runs in the browser: it knows the rest only by HTTP.
  { folder: "dashboard", rooms: ["formats"], packages: ["preact", "preact/**", "@preact/signals"] },

  { folder: "", rooms: ["*"], packages: ["hono", ...WORKERS] },
];

/** `calls` of `calls/http`. */
export function roomOf(folder: string): string {
  return folder.split("/", 1)[0]!;
}

/** The row of a folder with what the rows above it allow; itself is among its rooms. */
export function resolveRow(folder: string): Required<Row> {
  const rows = ROWS.filter((row) => row.folder === folder || row.folder === roomOf(folder));
  const own = folder === "" ? [] : [roomOf(folder)];
  return {
    folder,
    rooms: [...own, ...rows.flatMap(({ rooms = [] }) => rooms)],
    packages: [...new Set(rows.flatMap(({ packages = [] }) => packages))],
  };
}

/** Only resources know HTTP: no file of another folder may import `http/` of a room, or the room http. */
export function knowsHttp(folder: string): boolean {
  return folder === "" || folder.split("/").includes("http");
}
