import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Judged, judgeBody, judgeText } from "#gateway/proxy/message/judge-body.ts";
import { DEPTH_MAX, NAMES_MAX } from "#gateway/proxy/message/text-measure.ts";
import { atOnce } from "#platform/slices.ts";
import { callText, causeOf, messageValue, requestText, taken } from "./messages.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function judgeBytes(bytes: Uint8Array, contentType: string | null = "application/json"): Judged {
  return atOnce(judgeBody(bytes, contentType, "2025-11-25"));
}

const judge = (text: string) => judgeBytes(encode(text));

describe("A message", () => {
  it("is told as it was sent: kind, id, name, params and the bytes", () => {
    const text = ` {"params":{"name":"a b","arguments":{"n":1.0}},\n"jsonrpc":"2.0", "id": "\\u0061" ,"method":"tools/call"}\n`;
    expect(judge(text)).toEqual({
      kind: "messages",
      isBatch: false,
      messages: [
        expect.objectContaining({
          kind: "request",
          method: "tools/call",
          id: "a",
          idText: '"\\u0061"',
          name: "a b",
          params: { name: "a b", arguments: { n: 1 } },
          text,
        }),
      ],
    });
  });

  it("that is taken says what JSON.parse reads, whatever it is", () => {
    fc.assert(
      fc.property(messageValue, fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const judged = judgeText(text, "2025-06-18");
        if (judged.kind !== "messages") return;
        const [message] = judged.messages;
        const { id, method, params } = JSON.parse(text);
        expect(message).toMatchObject({ id, method, text });
        expect(message!.params).toEqual(params ?? null);
        expect(JSON.parse(message!.idText!)).toBe(id);
      }),
    );
  });

  it.each([
    ["tools/call", { name: "x", uri: "y" }, "x"],
    ["prompts/get", { name: "x" }, "x"],
    ["resources/read", { name: "x", uri: "y" }, "y"],
    ["tasks/get", { taskId: "z" }, "z"],
    ["tools/list", { name: "x" }, null],
    ["tools/call", { name: ["x"] }, null],
    ["tools/call", {}, null],
    ["constructor", { name: "x" }, null],
  ])("%s of %j is about %j", (method, params, name) => {
    expect(taken(requestText(method, params)).name).toBe(name);
  });

  it("tells what _meta says, and nothing where it is of another type", () => {
    const meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": { name: "c", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {
        extensions: { "io.modelcontextprotocol/tasks": {} },
      },
      progressToken: 7,
      traceparent: "tp",
      tracestate: 1,
    };
    expect(taken(callText({ _meta: meta })).meta).toEqual({
      protocolVersion: "2026-07-28",
      traceparent: "tp",
      tracestate: null,
      progressToken: 7,
      clientInfo: { name: "c", version: "1" },
      hasCapabilities: true,
      extensions: ["io.modelcontextprotocol/tasks"],
    });
    expect(taken(callText({ _meta: null })).meta.hasCapabilities).toBe(false);
  });
});

describe("A long body", () => {
  it("is judged in steps, so that others need not wait for all of it", () => {
    const bytes = encode(callText({ arguments: { text: "x".repeat(1_000_000) } }));
    expect([...judgeBody(bytes, "application/json", "2025-11-25")]).toHaveLength(4);
  });
});

describe("A body is refused as ambiguous", () => {
  it.each([
    ["text/plain", "content_type"],
    [null, "content_type"],
    ["", "content_type"],
    ["application/jsonx", "content_type"],
    ["application/json-rpc", "content_type"],
    ["application/vnd.api+json", "content_type"],
    ["application/json, text/plain", "content_type"],
    ["application/json; charset=utf-8, text/plain", "content_type"],
    ["text/plain; application/json", "content_type"],
    ["application/json; charset=utf-16", "content_type"],
    ["application/json; charset=utf-8; charset=utf-16", "content_type"],
    ['application/json; charset="utf-7"', "content_type"],
    [`application/json${"; a=b".repeat(1000)}`, "content_type"],
    ["application/json", "taken"],
    ["Application/JSON", "taken"],
    [" application/json ;charset=UTF-8 ", "taken"],
    ['application/json; charset="utf8"', "taken"],
    ["application/json;", "taken"],
    ["application/json; profile=x", "taken"],
  ])("by its content type %j: %s", (contentType, expected) => {
    expect(causeOf(judgeBytes(encode(callText()), contentType))).toBe(expected);
  });

  it("where its bytes are no UTF-8, or begin with a byte order mark", () => {
    const call = encode(callText());
    expect(causeOf(judgeBytes(Uint8Array.of(...call.slice(0, -1), 0xff)))).toBe("bad_utf8");
    // An overlong slash, and a surrogate in UTF-8.
    expect(causeOf(judgeBytes(Uint8Array.of(0x22, 0xc0, 0xaf, 0x22)))).toBe("bad_utf8");
    expect(causeOf(judgeBytes(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)))).toBe("bad_utf8");
    expect(causeOf(judgeBytes(Uint8Array.of(0xef, 0xbb, 0xbf, ...call)))).toBe("byte_order_mark");
  });

  it.each([
    [{ Method: "tools/call" }],
    [{ ID: 2 }],
    [{ jsonRPC: "2.0" }],
    [{ Params: { name: "other" } }],
    [{ "param\u017f": { name: "other" } }],
    [{ Result: {} }],
  ])("where its envelope has a twin by case: %j", (twin) => {
    expect(causeOf(judge(requestText("tools/call", { name: "echo" }, twin)))).toBe("case_twin");
  });

  it.each([
    [{ Name: "other" }],
    [{ NAME: "other" }],
    [{ Arguments: {} }],
    [{ _Meta: {} }],
    [{ Uri: "file:///" }],
    [{ taskid: "t" }],
    [{ "\u212Aind": 1, TaskID: 1 }],
    [{ _meta: { ProgressTo\u006Ben: 1 } }],
    [{ _meta: { "progressTo\u212Aen": 1 } }],
    [{ _meta: { TraceParent: "x" } }],
    [{ _meta: { "io.modelcontextprotocol/ProtocolVersion": "x" } }],
    [{ ref: { Name: "x" } }],
  ])("where its params have one: %j", (params) => {
    expect(causeOf(judge(callText(params)))).toBe("case_twin");
  });

  it("but not for names of arguments, which are the tool's own", () => {
    expect(causeOf(judge(callText({ arguments: { Name: 1, name: 2, METHOD: 3 } })))).toBe("taken");
  });

  it.each([
    ["null", "bad_id"],
    ["1.5", "bad_id"],
    ["1.0", "bad_id"],
    ["1e2", "bad_id"],
    ["-0", "bad_id"],
    ["9007199254740992", "bad_id"],
    ["-9007199254740993", "bad_id"],
    ["1e400", "bad_id"],
    ["true", "bad_id"],
    ["{}", "bad_id"],
    ["[1]", "bad_id"],
    [`"${"x".repeat(1025)}"`, "bad_id"],
    ['"\\ud800"', "lone_surrogate"],
    ["0", "taken"],
    ["-7", "taken"],
    ['"0"', "taken"],
    ['""', "taken"],
    ['"null"', "taken"],
    ["9007199254740991", "taken"],
  ])("by the id %s: %s", (id, expected) => {
    const text = `{"jsonrpc":"2.0","id":${id},"method":"ping"}`;
    const judged = judge(text);
    expect(causeOf(judged)).toBe(expected);
    if (judged.kind === "messages") expect(judged.messages[0]!.idText).toBe(id);
  });

  it.each([
    ['{"a":"\\ud800"}', "lone_surrogate"],
    ['{"a":["x\\uDFFF"]}', "lone_surrogate"],
    ['{"\\ud83d":1}', "lone_surrogate"],
    ['{"a":"\\ude00\\ud83d"}', "lone_surrogate"],
    ['{"a":"\\ud83d\\ude00"}', "taken"],
    ['{"a":"\\\\ud800"}', "taken"],
    ['{"a\\u0000b":1}', "nul"],
    ['{"a":"\\u0000"}', "taken"],
    ['{"a":[{"__proto__":{}}]}', "prototype_key"],
    ['{"__pr\\u006fto__":1}', "prototype_key"],
    ['{"\\u005f_proto__":1}', "prototype_key"],
    ['{"_\\u005Fproto_\\u005f":1}', "prototype_key"],
    ['{"a":"__proto__","b":["\\u005f_proto__"]}', "taken"],
  ])("by the arguments %s: %s", (args, expected) => {
    const text = callText({ arguments: 1 }).replace('"arguments":1', `"arguments":${args}`);
    expect(causeOf(judge(text))).toBe(expected);
  });

  it("where a name has a NUL, at which readers in C stop", () => {
    expect(causeOf(judge(callText({ name: "echo\0x" })))).toBe("nul");
    expect(causeOf(judge(requestText("tools/call\0", {})))).toBe("nul");
    expect(causeOf(judge(requestText("resources/read", { uri: "file:///a\0b" })))).toBe("nul");
  });

  it("where it is nested too deep, long before a recursive reader sees it", () => {
    const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const call = (depth: number) =>
      callText({ arguments: 1 }).replace('"arguments":1', `"arguments":${nested(depth)}`);
    expect(causeOf(judge(call(DEPTH_MAX - 2)))).toBe("taken");
    expect(causeOf(judge(call(DEPTH_MAX - 1)))).toBe("too_deep");
    expect(causeOf(judge(call(20_000)))).toBe("too_deep");
    expect(causeOf(judge("[".repeat(2_000_000)))).toBe("too_deep");
    expect(causeOf(judge('{"a":'.repeat(400_000)))).toBe("too_deep");
    expect(causeOf(judge(callText({ arguments: "[".repeat(1000) })))).toBe("taken");
  });

  it("where it has more values than bytes for them, before any is made", () => {
    const list = (items: number) => `[${Array.from({ length: items }, () => "[]").join(",")}]`;
    const text = callText({ arguments: 1 }).replace(
      '"arguments":1',
      `"arguments":${list(600_000)}`,
    );
    expect(causeOf(judge(text))).toBe("too_many_values");
    const members = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`own${at}`, 1]));
    expect(causeOf(judge(requestText("ping", undefined, members(61))))).toBe("taken");
    expect(causeOf(judge(requestText("ping", undefined, members(62))))).toBe("too_many_values");
  });

  it("where it has more names than any model writes", () => {
    const args = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 0]));
    const ownNames = callText({ arguments: {} }).split('":').length - 1;
    const most = NAMES_MAX - ownNames;
    expect(causeOf(judge(callText({ arguments: args(most) })))).toBe("taken");
    expect(causeOf(judge(callText({ arguments: args(most + 1) })))).toBe("too_many_values");
  });

  it("where it is a request and an answer in one, or an answer twice", () => {
    expect(causeOf(judge(requestText("tools/call", {}, { result: {} })))).toBe("mixed_message");
    expect(causeOf(judge(requestText("tools/call", {}, { error: null })))).toBe("mixed_message");
    expect(causeOf(judge('{"jsonrpc":"2.0","id":1,"result":{},"error":{}}'))).toBe("mixed_message");
  });

  it("where a method that is answered comes without an id", () => {
    expect(causeOf(judge('{"jsonrpc":"2.0","method":"tools/call","params":{}}'))).toBe(
      "request_without_id",
    );
    expect(taken('{"jsonrpc":"2.0","method":"notifications/initialized"}')).toMatchObject({
      kind: "notification",
      id: null,
      idText: null,
    });
  });

  it("with the id that the request had, where that is one", () => {
    expect(judge('{"id":"a","a":1,"a":2}')).toMatchObject({ kind: "ambiguous", id: "a" });
    expect(judge(callText({ Name: "b" }))).toMatchObject({ kind: "ambiguous", id: 1 });
    expect(judge('{"id":[1],"a":1,"a":2}')).toMatchObject({ kind: "ambiguous", id: null });
  });
});

describe("A body is refused as malformed", () => {
  it.each([
    ["", -32700],
    ["{", -32700],
    ["{'jsonrpc':'2.0'}", -32700],
    [callText().replace("}}", "},}"), -32700],
    [`${callText()}${callText()}`, -32700],
    [`/* */${callText()}`, -32700],
    ['{"jsonrpc":"2.0","id":NaN,"method":"ping"}', -32700],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":Infinity}}', -32700],
    ['{"jsonrpc":"2.0","id":01,"method":"ping"}', -32700],
    ['{"jsonrpc":"2.0","id":1,"method":"pi\nng"}', -32700],
    [`\u00a0${callText()}`, -32700],
    [`${callText()}\0`, -32700],
    ["null", -32600],
    ["7", -32600],
    ['"tools/call"', -32600],
    ["{}", -32600],
    ['{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
    ['{"id":1,"method":"ping"}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":7}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":null}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32600],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":null}', -32600],
    ['{"jsonrpc":"2.0","id":1}', -32600],
  ])("%j: %d", (text, code) => {
    expect(causeOf(judge(text))).toBe(String(code));
  });

  it("and never by an exception, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(judgeBytes(bytes).kind).not.toBe("messages");
      }),
    );
    const pieces = fc.constantFrom(...'{}[]:,"\\0-.eE \n', '"id"', '"method"', "2.0", "null");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        judge(parts.join(""));
      }),
      { numRuns: 2000 },
    );
  });
});
