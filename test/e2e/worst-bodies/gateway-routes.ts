/** The gateway's routes with what they cost most: bodies as large as they may be, and upstreams that answer so. */
import type { HttpClient } from "../../harness/http-client.ts";
import { illegalJson } from "./illegal-bodies.ts";
import { MIB, ROOT, type WorstRequest } from "./worst-request.ts";

const BODY_BYTES_MAX = 4 * MIB;
/** Without what is around the arguments. */
const ARGUMENT_BYTES = BODY_BYTES_MAX - 512;
/** As many names as a message may have, and a few less. */
const NAMES = 65_000;
const VALUES = 262_000;
const OK = [200, 201, 202, 204];
/** 500 policies are read, validated and rehearsed: in slices, in the engine. */
const POLICY_COST = { cpuMsMax: 2_000 };
/** The first decision by a set has it read and prepared. */
const FIRST_DECISION_COST = { cpuMsMax: 1_000 };
/** 1,000 tools are pinned, stored and counted from zero, and 1,024 asked about; 8 MB pass in 4 KiB a read. */
const LIST_COST = { cpuMsMax: 3_000 };
/** 64 MiB by 4 KiB; 8 MiB of an event read; 84,000 events. */
const ANSWER_COST = { cpuMsMax: 2_000 };
const WELL_KNOWN = "/.well-known/oauth-protected-resource";

const plugin = (name: string) => `${ROOT}/workspaces/worst/plugins/${name}`;

/** One for each way in which an upstream answers; the policy of the org reads the arguments of `ok` alone. */
const PLUGINS: Readonly<Record<string, string>> = {
  ok: "/ok",
  free: "/ok",
  many: "/many",
  ...Object.fromEntries(
    ["full", "long", "names", "text", "wide", "escapes", "members", "numbers", "larger"].flatMap(
      (answer) => ["json", "event"].map((form) => [`${answer}-${form}`, `/${answer}/${form}`]),
    ),
  ),
};

/** 500 policies, which read each text at every place, as long as they may be. */
function largestPolicy(): { policies: string; default: string } {
  const forbids = Array.from({ length: 499 }, (_, at) => {
    const when = `context has input && context.input has text && context.input.text like "/etc/${at}/*"`;
    const tool = `resource == Mcp::Tool::"worst/ok/work"`;
    return `@id("p${at}") forbid(principal, action in Mcp::Action::"call", ${tool}) when { ${when} };`;
  });
  const policies = ["permit(principal, action, resource);", ...forbids].join("\n");
  return { policies: `${policies}\n//${" ".repeat(131_069 - policies.length)}`, default: "deny" };
}

export async function registerWorst(client: HttpClient, upstream: string): Promise<void> {
  for (const [name, path] of Object.entries(PLUGINS)) {
    await client.json("PUT", plugin(name), { url: `${upstream}${path}` });
  }
  await client.json("POST", `${plugin("ok")}/probe`);
  await client.json("PUT", `${ROOT}/policy`, largestPolicy());
}

const get = (name: string, path: string, headers: Record<string, string> = {}): WorstRequest => ({
  name,
  path,
  headers,
  statuses: OK,
});

const made = (
  name: string,
  path: string,
  body: () => string | Uint8Array,
  statuses = OK,
): WorstRequest => ({ name, path, body, statuses });

const VERSION = { "mcp-protocol-version": "2025-11-25" };

/** 200 also where the gateway refuses: that is JSON-RPC's to tell. */
const rpc = (
  name: string,
  to: string,
  method: string,
  params: () => string,
  statuses = [200],
): WorstRequest => ({
  name,
  path: `${plugin(to)}/mcp`,
  body: () => `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params()}}`,
  headers: { ...VERSION, "content-type": "application/json" },
  statuses,
});

const call = (name: string, to: string, args: () => string, statuses = [200]) =>
  rpc(name, to, "tools/call", () => `{"name":"work","arguments":${args()}}`, statuses);

const filled = (text: string) => text.repeat(Math.floor(ARGUMENT_BYTES / text.length));
const members = (count: number) =>
  Array.from({ length: count }, (_, at) => `"k${at.toString(36).padEnd(9, "_")}":0`).join();
const rows = () => `{"more":{"a":[${'{"aaaa":0,"b":0},'.repeat(NAMES / 2)}0]}}`;

function calls(): WorstRequest[] {
  const list = (item: string) => () => `{"numbers":[${filled(`${item},`)}0]}`;
  const text = (part: string) => () => `{"text":"${filled(part)}"}`;
  return [
    ...["ok", "free"].flatMap((to) => [
      call(`${to}: a text of 4 MB`, to, text("x")),
      call(`${to}: a text of escapes`, to, text('\\"')),
      call(`${to}: a text of pairs of surrogates`, to, text("\\ud834\\udd1e")),
      call(`${to}: the most names`, to, () => `{${members(NAMES)}}`),
      call(`${to}: the most names, and an escape`, to, () => `{"a":"\\u0000",${members(NAMES)}}`),
      call(`${to}: the most objects`, to, rows),
      call(`${to}: long fractions`, to, list("0.1234567890123456")),
      call(`${to}: fractions with zeros behind`, to, list("0.10000000000000")),
      call(`${to}: the most values`, to, () => `{"numbers":[${"0,".repeat(VALUES)}0]}`),
      call(`${to}: a text of 250,000 characters`, to, () => `{"text":"${"/".repeat(250_000)}"}`),
    ]),
    rpc("the most params", "free", "anything/else", () => `{${members(NAMES)}}`),
    rpc(
      "the most of _meta",
      "free",
      "tools/call",
      () => `{"name":"work","_meta":{${members(NAMES)}}}`,
    ),
    rpc("a name of 4 MB", "free", "tools/call", () => `{"name":"${filled("x")}"}`, [200, 400]),
    rpc("a URI of 4 MB", "free", "resources/read", () => `{"uri":"${filled("x")}"}`, [200, 400]),
    call("more names than there may be", "free", () => `{${members(VALUES)}}`, [400]),
    {
      ...call("a batch of 100", "free", () => "{}"),
      body: batch,
      headers: { "mcp-protocol-version": "2025-03-26", "content-type": "application/json" },
    },
  ];
}

/** Of 100 calls of 40 KB. */
function batch(): string {
  const one = (id: number) =>
    `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"work","arguments":{"text":"${"x".repeat(40_000)}"}}}`;
  return `[${Array.from({ length: 100 }, (_, at) => one(at + 1)).join()}]`;
}

/** What is no message is a body of any shape, and told in JSON-RPC: by 400 but where it is too large. */
const illegal = illegalJson(`${plugin("ok")}/mcp`, BODY_BYTES_MAX, "params").map((request) => ({
  ...request,
  headers: { ...VERSION, "content-type": "application/json", ...request.headers },
}));

function answers(): WorstRequest[] {
  const tools = ["full", "long", "names"].flatMap((answer) =>
    ["json", "event"].map((form) => ({
      ...rpc(`a list: ${answer}, ${form}`, `${answer}-${form}`, "tools/list", () => "{}"),
      ...LIST_COST,
    })),
  );
  const results = ["text", "wide", "escapes", "members", "numbers", "larger"].flatMap((answer) =>
    ["json", "event"].map((form) =>
      call(`an answer: ${answer}, ${form}`, `${answer}-${form}`, () => "{}"),
    ),
  );
  const many = call("an answer: many, event", "many", () => "{}");
  return [...tools, ...[...results, many].map((request) => ({ ...request, ...ANSWER_COST }))];
}

export function gatewayRoutes(): Record<string, readonly WorstRequest[]> {
  const longest = "x".repeat(100);
  const origin = { origin: "https://page.example.com" };
  const headerValues = Object.fromEntries(
    Array.from({ length: 16 }, (_, at) => [`x-h${at}`, "v".repeat(3_500)]),
  );
  const mcp = "/v1/orgs/{org}/workspaces/{ws}/plugins/{plugin}/mcp";
  const stated = "/v1/orgs/{org}/workspaces/{workspace}/plugins/{plugin}";
  const json = (name: string, path: string, value: unknown, statuses = OK) =>
    made(name, path, () => JSON.stringify(value), statuses);
  return {
    [`put ${stated}`]: [
      json("the longest headers", plugin("headers"), {
        url: "https://a.example.com",
        headers: headerValues,
      }),
      ...illegalJson(plugin("headers"), 131_072, "headers"),
    ],
    [`get ${stated}`]: [get("one with 1,000 tools", plugin("full-json"))],
    [`delete ${stated}`]: [{ ...get("none", plugin("none")), statuses: [404] }],
    "get /v1/orgs/{org}/plugins": [get("all", `${ROOT}/plugins?limit=1000`)],
    [`post ${stated}/probe`]: ["full", "long", "names", "members"].flatMap((answer) =>
      ["json", "event"].map((form) => ({
        ...get(`a list: ${answer}, ${form}`, `${plugin(`${answer}-${form}`)}/probe`),
        ...LIST_COST,
      })),
    ),
    [`get ${stated}/tools`]: [get("1,000 of 1 MiB", `${plugin("full-json")}/tools?limit=1000`)],
    [`post ${stated}/tools/{tool}/accept`]: [
      json("one that nothing is wrong with", `${plugin("full-json")}/tools/t1/accept`, {}),
      ...illegalJson(`${plugin("full-json")}/tools/t1/accept`, 1_024, "hash"),
    ],
    "get /v1/orgs/{org}/policy": [get("500 policies", `${ROOT}/policy`)],
    "put /v1/orgs/{org}/policy": [
      ...illegalJson(`${ROOT}/policy`, MIB, "policies"),
      ...policies().map((request) => ({ ...request, ...POLICY_COST })),
      { ...json("500 policies", `${ROOT}/policy`, largestPolicy()), ...POLICY_COST },
    ],
    "post /v1/orgs/{org}/policy/check": [
      ...policyChecks().map((request) => ({ ...request, ...FIRST_DECISION_COST })),
      ...illegalJson(`${ROOT}/policy/check`, MIB, "groups"),
    ],
    "get /v1/orgs/{org}/identity": [get("the issuers", `${ROOT}/identity`)],
    "put /v1/orgs/{org}/identity": [
      json("the most issuers", `${ROOT}/identity`, {
        issuers: Array.from({ length: 10 }, (_, at) => ({
          issuer: `https://i${at}.example.com/${longest}`,
          actor_claim: "sub",
        })),
        allowed_origins: Array.from({ length: 20 }, (_, at) => `https://p${at}.example.com`),
      }),
      ...illegalJson(`${ROOT}/identity`, 65_536, "issuers"),
      json("none", `${ROOT}/identity`, { issuers: [] }),
    ],
    [`get ${WELL_KNOWN}${mcp}`]: [
      { ...get("of no issuer", `${WELL_KNOWN}${plugin("ok")}/mcp`), statuses: [200, 404] },
    ],
    [`options ${WELL_KNOWN}${mcp}`]: [get("a page", `${WELL_KNOWN}${plugin("ok")}/mcp`, origin)],
    [`options ${mcp}`]: [{ ...get("a page", `${plugin("ok")}/mcp`, origin), statuses: [204, 403] }],
    [`post ${mcp}`]: [...calls(), ...illegal, ...answers()],
    [`get ${mcp}`]: [
      { ...get("a stream of many events", `${plugin("many")}/mcp`, VERSION), ...ANSWER_COST },
      get("an event of 8 MiB", `${plugin("text-event")}/mcp`, VERSION),
    ],
    [`delete ${mcp}`]: [
      { ...get("no session", `${plugin("ok")}/mcp`, VERSION), statuses: [204, 400, 404] },
    ],
  };
}

function policies(): WorstRequest[] {
  const put = (name: string, text: () => string) =>
    made(
      name,
      `${ROOT}/policy`,
      () => JSON.stringify({ policies: text(), default: "deny" }),
      [200, 400],
    );
  const asLong = (text: string) => text.repeat(Math.floor(131_000 / text.length));
  return [
    put("one text of 128 KiB", () =>
      `permit(principal,action,resource) when {"${asLong("a")}"=="b"};`.slice(0, 131_000),
    ),
    put("nothing but brackets", () => asLong("[")),
    put("nothing but permits", () => asLong("permit(principal,action,resource);")),
    put(
      "conditions without end",
      () => `permit(principal,action,resource) when {${asLong("1==1&&")}true};`,
    ),
    put("a set of 4,900 in each of 13 policies", () =>
      `permit(principal,action,resource) when {[${"1,".repeat(4_900)}1].contains(1)};`.repeat(13),
    ),
    put("comments", () => asLong("//\n")),
    put("quotes", () => asLong('"')),
    put(
      "a pattern as long as its text",
      () =>
        `permit(principal,action,resource) when {"${"a".repeat(90_000)}" like "*${"a".repeat(30_000)}b"};`,
    ),
    put(
      "a pattern on an argument",
      () =>
        `permit(principal,action,resource); forbid(principal,action in Mcp::Action::"call",resource==Mcp::Tool::"worst/ok/work") when {context has input && context.input has text && context.input.text like "*${"a".repeat(100_000)}b"};`,
    ),
  ];
}

function policyChecks(): WorstRequest[] {
  const asked = { principal: "user:alice@acme", workspace: "worst", plugin: "ok", tool: "work" };
  const check = (name: string, more: () => object) =>
    made(name, `${ROOT}/policy/check`, () => JSON.stringify({ ...asked, ...more() }));
  const list = <T>(length: number, of: (at: number) => T) =>
    Array.from({ length }, (_, at) => of(at));
  return [
    check("an argument of 250,000 characters", () => ({
      arguments: { text: "/".repeat(250_000) },
    })),
    check("one of 1 MB", () => ({ arguments: { text: "a".repeat(1_000_000) } })),
    check("10,000 numbers", () => ({ arguments: { numbers: list(9_990, (at) => at / 4) } })),
    check("the most values", () => ({ arguments: { numbers: list(130_000, () => 0) } })),
    check("the most groups", () => ({
      groups: list(256, (at) => `g${at}`.padEnd(256, "g")),
      tags: Object.fromEntries(list(100, (at) => [`t${at}`, "v".repeat(9_000)])),
    })),
  ];
}
