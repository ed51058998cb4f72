import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHeaderText, encodeHeaderText } from "#gateway/proxy/message/header-text.ts";
import type { RpcMessage } from "#gateway/proxy/message/judge-body.ts";
import {
  checkRequestHeaders,
  requestHeaders,
  unknownParamHeaders,
} from "#gateway/proxy/message/request-headers.ts";
import { MODERN_META, modernCall, requestText, taken } from "./messages.ts";

type Sent = Record<string, string>;

/** Null where the headers are taken. */
function faultOf(sent: Sent, message: RpcMessage, schema: object | null = null): string | null {
  const fault = checkRequestHeaders(new Headers(sent), message, schema);
  if (fault !== null) expect(fault).toMatchObject({ status: 400, code: -32020, data: null });
  return fault?.header ?? null;
}

const FOO = modernCall({ name: "foo" });
const NAMED = { "Mcp-Method": "tools/call", "Mcp-Name": "foo" };

describe("Standard headers (SEP-2243, Standard Header Edge Cases)", () => {
  it.each<[string, Sent, string | null]>([
    ["header name in lower case", { "mcp-method": "tools/call", "mcp-name": "foo" }, null],
    ["header name in upper case", { "MCP-METHOD": "tools/call", "MCP-NAME": "foo" }, null],
    ["method's value in another case", { ...NAMED, "Mcp-Method": "TOOLS/CALL" }, "mcp-method"],
    ["method mismatch", { ...NAMED, "Mcp-Method": "prompts/get" }, "mcp-method"],
    ["encoded method", { ...NAMED, "Mcp-Method": "=?base64?dG9vbHMvY2FsbA==?=" }, "mcp-method"],
    ["missing method", { "Mcp-Name": "foo" }, "mcp-method"],
    ["tool name mismatch", { ...NAMED, "Mcp-Name": "bar" }, "mcp-name"],
    ["tool name in another case", { ...NAMED, "Mcp-Name": "Foo" }, "mcp-name"],
    ["missing name", { "Mcp-Method": "tools/call" }, "mcp-name"],
    ["empty name", { ...NAMED, "Mcp-Name": "" }, "mcp-name"],
    ["nothing, encoded", { ...NAMED, "Mcp-Name": "=?base64??=" }, "mcp-name"],
    ["extra blanks", { "Mcp-Method": " tools/call\t", "Mcp-Name": "  foo " }, null],
    ["encoded name", { ...NAMED, "Mcp-Name": "=?base64?Zm9v?=" }, null],
    ["name twice", { ...NAMED, "Mcp-Name": "foo, foo" }, "mcp-name"],
  ])("%s", (_, sent, header) => {
    expect(faultOf(sent, FOO)).toBe(header);
  });

  it.each([
    ["tools/call", { name: "my-tool_name" }, "my-tool_name"],
    [
      "resources/read",
      { uri: "file:///path/to/file%20name.txt" },
      "file:///path/to/file%20name.txt",
    ],
    ["resources/read", { uri: "https://example.com/r?id=123" }, "https://example.com/r?id=123"],
    ["resources/read", { uri: "file:///ü" }, "=?base64?ZmlsZTovLy/DvA==?="],
    ["prompts/get", { name: "日本語" }, "=?base64?5pel5pys6Kqe?="],
    ["prompts/get", { name: "" }, "=?base64??="],
    ["tasks/get", { taskId: "786512e2" }, "786512e2"],
    ["tasks/cancel", { taskId: "=?base64?x?=" }, "=?base64?PT9iYXNlNjQ/eD89?="],
  ])("of %s with %j are made and demanded: %s", (method, params, value) => {
    const message = modernCall(params, method);
    const headers = { "mcp-method": method, "mcp-name": value };
    expect(requestHeaders(message, null)).toEqual(headers);
    expect(faultOf(headers, message)).toBeNull();
    expect(faultOf({ "mcp-method": method }, message)).toBe("mcp-name");
  });

  it("demand no name where a method has none, or the body names nothing", () => {
    expect(faultOf({ "mcp-method": "tools/list" }, modernCall({}, "tools/list"))).toBeNull();
    expect(requestHeaders(modernCall({ name: "x" }, "tools/list"), null)).toEqual({
      "mcp-method": "tools/list",
    });
    expect(faultOf({ "mcp-method": "tools/call" }, modernCall({}))).toBeNull();
  });

  it("of notifications are not demanded, but true where they are there", () => {
    const text = JSON.stringify({ jsonrpc: "2.0", method: "notifications/x" });
    const notification = taken(text, "2026-07-28");
    expect(faultOf({}, notification)).toBeNull();
    expect(faultOf({ "mcp-method": "notifications/x" }, notification)).toBeNull();
    expect(faultOf({ "mcp-method": "notifications/y" }, notification)).toBe("mcp-method");
  });

  it("of the legacy era are not demanded and not made, and must not contradict the body", () => {
    const legacy = taken(requestText("tools/call", { name: "foo", arguments: { region: "a" } }));
    const schema = { properties: { region: { type: "string", "x-mcp-header": "Region" } } };
    expect(requestHeaders(legacy, schema)).toEqual({});
    expect(faultOf({}, legacy, schema)).toBeNull();
    expect(faultOf({ ...NAMED, "mcp-param-region": "a" }, legacy, schema)).toBeNull();
    expect(faultOf({ "mcp-method": "tools/list" }, legacy)).toBe("mcp-method");
    expect(faultOf({ "mcp-name": "bar" }, legacy)).toBe("mcp-name");
    expect(faultOf({ "mcp-param-region": "b" }, legacy, schema)).toBe("mcp-param-region");
    expect(faultOf({ "mcp-method": "x" }, taken('{"jsonrpc":"2.0","id":1,"result":1}'))).toBeNull();
  });
});

const SCHEMA = {
  type: "object",
  properties: {
    text: { type: "string", "x-mcp-header": "Text" },
    flag: { type: "boolean", "x-mcp-header": "Flag" },
    count: { type: "integer", "x-mcp-header": "Count" },
    target: { type: "object", properties: { zone: { type: "string", "x-mcp-header": "Method" } } },
    plain: { type: "string" },
  },
};

const call = (args: unknown) => modernCall({ name: "foo", arguments: args });
const withParam = (name: string, value: string) => ({ ...NAMED, [`Mcp-Param-${name}`]: value });

describe("Custom headers (SEP-2243, Custom Header and Server Validation Edge Cases)", () => {
  it.each<[object, string, string]>([
    [{ text: "us-west1" }, "text", "us-west1"],
    [{ text: " us-west1" }, "text", "=?base64?IHVzLXdlc3Qx?="],
    [{ text: "us-west1 " }, "text", "=?base64?dXMtd2VzdDEg?="],
    [{ text: " us-west1 " }, "text", "=?base64?IHVzLXdlc3QxIA==?="],
    [{ text: "us west 1" }, "text", "us west 1"],
    [{ text: "日本語" }, "text", "=?base64?5pel5pys6Kqe?="],
    [{ text: "line1\nline2" }, "text", "=?base64?bGluZTEKbGluZTI=?="],
    [{ text: "line1\r\nline2" }, "text", "=?base64?bGluZTENCmxpbmUy?="],
    [{ text: "\tindented" }, "text", "=?base64?CWluZGVudGVk?="],
    [{ text: "=?base64?literal?=" }, "text", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="],
    [{ text: "Hello, 世界" }, "text", "=?base64?SGVsbG8sIOS4lueVjA==?="],
    [{ flag: true }, "flag", "true"],
    [{ flag: false }, "flag", "false"],
    [{ count: 42 }, "count", "42"],
    [{ count: -7 }, "count", "-7"],
    [{ target: { zone: "z" } }, "method", "z"],
  ])("of %j: mcp-param-%s is %s", (args, name, value) => {
    const message = call(args);
    expect(requestHeaders(message, SCHEMA)).toEqual({
      "mcp-method": "tools/call",
      "mcp-name": "foo",
      [`mcp-param-${name}`]: value,
    });
    expect(faultOf(withParam(name, value), message, SCHEMA)).toBeNull();
    // Value in the body, header omitted.
    expect(faultOf(NAMED, message, SCHEMA)).toBe(`mcp-param-${name}`);
  });

  it.each<[string, object, string, string, boolean]>([
    ["valid Base64", { text: "Hello" }, "text", "=?base64?SGVsbG8=?=", true],
    ["invalid padding", { text: "Hello" }, "text", "=?base64?SGVsbG8?=", false],
    ["invalid characters", { text: "Hello" }, "text", "=?base64?SGVs!!!bG8=?=", false],
    ["spare bits", { text: "Hello" }, "text", "=?base64?SGVsbG9=?=", false],
    ["a blank in it", { text: "Hello" }, "text", "=?base64?SGVs bG8=?=", false],
    ["Base64 of no UTF-8", { text: "\ufffd" }, "text", "=?base64?/w==?=", false],
    ["a byte order mark", { text: "Hello" }, "text", "=?base64?77u/SGVsbG8=?=", false],
    ["missing prefix", { text: "SGVsbG8=" }, "text", "SGVsbG8=", true],
    ["missing prefix, another value", { text: "Hello" }, "text", "SGVsbG8=", false],
    ["missing suffix", { text: "=?base64?SGVsbG8=" }, "text", "=?base64?SGVsbG8=", true],
    ["missing suffix, another value", { text: "Hello" }, "text", "=?base64?SGVsbG8=", false],
    ["prefix in upper case", { text: "=?BASE64?SGVsbG8=?=" }, "text", "=?BASE64?SGVsbG8=?=", true],
    ["ends that share a mark", { text: "=?base64?=" }, "text", "=?base64?=", true],
    ["nothing encoded against a value", { text: "x" }, "text", "=?base64??=", false],
    ["nothing encoded against nothing", { text: "" }, "text", "=?base64??=", true],
    ["an empty value against nothing", { text: "" }, "text", "", true],
    ["an empty value against a value", { text: "x" }, "text", "", false],
    ["a text in another case", { text: "Hello" }, "text", "hello", false],
    ["outer blanks", { text: "Hello" }, "text", "  Hello ", true],
    ["not ASCII", { text: "é" }, "text", "é", false],
    ["null in the body", { text: null }, "text", "null", false],
    ["absent in the body", {}, "text", "x", false],
    ["a list in the body", { text: ["x"] }, "text", "x", false],
    ["42.0 is 42", { count: 42 }, "count", "42.0", true],
    ["43 is not", { count: 42 }, "count", "43", false],
    ["0x2a is none", { count: 42 }, "count", "0x2a", false],
    ["042 is none", { count: 42 }, "count", "042", false],
    ["42.0000000000000001 is another", { count: 42 }, "count", "42.0000000000000001", false],
    ["4.2e1 is none", { count: 42 }, "count", "4.2e1", false],
    ["a blank is no zero", { count: 0 }, "count", "", false],
    ["a text is no number", { count: "42" }, "count", "42.0", false],
    ["encoded number", { count: 42 }, "count", "=?base64?NDI=?=", true],
    ["TRUE is not true", { flag: true }, "flag", "TRUE", false],
    ["1 is not true", { flag: true }, "flag", "1", false],
  ])("%s: %j with %s", (_, args, name, value, isTaken) => {
    expect(faultOf(withParam(name, value), call(args), SCHEMA)).toBe(
      isTaken ? null : `mcp-param-${name}`,
    );
  });

  it.each([[{ text: null }], [{}], [{ plain: "x" }], [undefined], [[]], ["x"], [{ target: "z" }]])(
    "of %j are none, and none is expected",
    (args) => {
      expect(requestHeaders(call(args), SCHEMA)).toEqual({
        "mcp-method": "tools/call",
        "mcp-name": "foo",
      });
      expect(faultOf(NAMED, call(args), SCHEMA)).toBeNull();
    },
  );

  it("of integers that JSON.parse does not keep are none", () => {
    const text = requestText("tools/call", {
      name: "foo",
      arguments: { count: 1 },
      _meta: MODERN_META,
    });
    const message = taken(text.replace('"count":1', '"count":9007199254740993'), "2026-07-28");
    expect(requestHeaders(message, SCHEMA)).not.toHaveProperty("mcp-param-count");
    expect(faultOf(withParam("count", "9007199254740992"), message, SCHEMA)).toBe(
      "mcp-param-count",
    );
  });

  it("are read of own arguments alone", () => {
    const schema = { properties: { constructor: { type: "string", "x-mcp-header": "C" } } };
    expect(requestHeaders(call({}), schema)).not.toHaveProperty("mcp-param-c");
  });

  it("that no tool asks for pass as they came, and are otherwise ignored", () => {
    const sent = { ...withParam("Text", "a"), "Mcp-Param-Unknown": "=?base64?!?=", "X-Other": "1" };
    const message = call({ text: "a" });
    expect(faultOf(sent, message, SCHEMA)).toBeNull();
    expect(faultOf(sent, message, null)).toBeNull();
    expect(unknownParamHeaders(new Headers(sent), message, SCHEMA)).toEqual({
      "mcp-param-unknown": "=?base64?!?=",
    });
    expect(unknownParamHeaders(new Headers(sent), message, null)).toEqual({
      "mcp-param-text": "a",
      "mcp-param-unknown": "=?base64?!?=",
    });
  });

  it("are capped in size before any is decoded", () => {
    const long = `=?base64?${"QUFB".repeat(3000)}?=`;
    const message = call({ text: "AAA".repeat(3000) });
    expect(faultOf(withParam("text", long), message, SCHEMA)).toBe("mcp-param-text");
    const many = Object.fromEntries(
      Array.from({ length: 300 }, (_, at) => [`Mcp-Param-X${at}`, "x".repeat(60)]),
    );
    expect(faultOf({ ...NAMED, ...many }, call({}), SCHEMA)).toBe("mcp-param");
  });

  it("say any text, and are read as it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary-ascii" }), (a, b) => {
        for (const text of [a, b, `=?base64?${b}?=`]) {
          const value = encodeHeaderText(text);
          expect(value).toMatch(/^[\t\x20-\x7e]+$/);
          expect(new Headers({ x: value }).get("x")).toBe(value);
          expect(decodeHeaderText(value)).toBe(text);
        }
      }),
    );
  });

  it("that are made for a call are those that it is checked by, whatever the arguments", () => {
    const args = fc.record(
      {
        text: fc.oneof(fc.jsonValue(), fc.string({ unit: "grapheme" })),
        flag: fc.oneof(fc.jsonValue(), fc.boolean()),
        count: fc.oneof(fc.jsonValue(), fc.maxSafeInteger()),
        target: fc.oneof(fc.jsonValue(), fc.record({ zone: fc.jsonValue() })),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(args, (given) => {
        const message = call(given);
        const made = requestHeaders(message, SCHEMA);
        const isLong = Object.values(made).some((value) => value.length > 8192);
        if (!isLong) expect(faultOf(made, message, SCHEMA)).toBeNull();
      }),
    );
  });
});
