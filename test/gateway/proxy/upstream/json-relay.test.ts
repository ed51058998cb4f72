import { describe, expect, it } from "vitest";
import { errorText, JSON_TYPE, PROGRESS, relay, resultText, upstreamOf } from "./relayed.ts";

/** Past what is held until it is whole. */
const LARGE = { content: [{ type: "text", text: "x".repeat(200_000) }] };

describe("A JSON answer that is relayed", () => {
  it("passes byte for byte, cut anywhere, with a header of its own", async () => {
    const text = ` {"jsonrpc": "2.0", "result": {"n": 1.0, "text": "ä😀"},\n"id": 1}\n`;
    const bytes = new TextEncoder().encode(text);
    const headers = { "content-type": "application/json; charset=utf-8", "set-cookie": "a=b" };
    for (let at = 1; at < bytes.length; at++) {
      const upstream = upstreamOf([bytes.subarray(0, at), bytes.subarray(at)], headers);
      const { response, messages, ends } = relay(upstream);
      expect(await response.text()).toBe(text);
      expect(Object.fromEntries(response.headers)).toEqual({ "content-type": "application/json" });
      expect(messages).toMatchObject([
        { id: 1, result: { text: "ä😀" }, text, bytes: bytes.length },
      ]);
      expect(ends).toEqual(["done"]);
    }
  });

  it.each([
    ["breaks off", [resultText(1).slice(0, 20), "BREAK"], "reset"],
    ["breaks off before its first byte", ["BREAK"], "reset"],
    ["stalls", [resultText(1).slice(0, 20), "HANG"], "timeout"],
    ["is empty", [], "no_answer"],
    ["is null", ["null"], "no_answer"],
    ["is an empty list", ["[]"], "no_answer"],
    ["is cut, though its framing is whole", [resultText(1).slice(0, 20)], "no_answer"],
    ["is of another request", [resultText("1")], "no_answer"],
    ["is a notification", [PROGRESS], "no_answer"],
    ["is no JSON-RPC", ['{"ok":true}'], "no_answer"],
    ["has more values than there is room for", [`[${"[],".repeat(600_000)}1]`], "too_large"],
  ] as const)("that %s becomes an error that the client can read", async (_, deeds, end) => {
    const { response, ends } = relay(upstreamOf(deeds, JSON_TYPE), {
      idleMs: 30,
      bytesMax: 60_000,
    });

    expect(response.status).toBe(200);
    expect(await response.text()).toBe(errorText("1", end));
    expect(ends).toEqual([end]);
  });

  it.each([
    [202, null],
    [204, null],
    [200, "text/html"],
    [200, "text/plain"],
    [201, "application/json"],
  ])("of status %s and type %s is no answer to a request", async (status, type) => {
    const { response } = upstreamOf([], type === null ? {} : { "content-type": type });
    const body = status === 200 || status === 201 ? response.body : null;
    const upstream = new Response(body, { status, headers: response.headers });
    const relayed = relay({ response: upstream, reads: 0, wasCancelled: false });

    expect(relayed.response.status).toBe(200);
    expect(await relayed.response.text()).toBe(errorText("1", "no_answer"));
    expect(relayed.ends).toEqual(["no_answer"]);
  });

  it("to a notification is a 202 without a body, whatever the upstream made of it", async () => {
    for (const status of [200, 202, 204]) {
      const upstream = new Response(status === 200 ? "null" : null, { status, headers: JSON_TYPE });
      const { response, ends } = relay(
        { response: upstream, reads: 0, wasCancelled: false },
        { pending: [] },
      );
      expect(response.status).toBe(202);
      expect(response.body).toBeNull();
      expect(ends).toEqual(["done"]);
    }
  });

  it("that is large passes as it comes, and is known at its end", async () => {
    const text = resultText(1, LARGE);
    const upstream = upstreamOf([text.slice(0, 100_000), text.slice(100_000)], JSON_TYPE);
    const { response, messages, ends } = relay(upstream);
    const reader = response.body!.getReader();

    const first = await reader.read();
    expect(first.value?.length).toBe(100_000);
    expect(messages).toEqual([]);
    await reader.read();
    expect(await reader.read()).toEqual({ done: true, value: undefined });
    expect(messages).toMatchObject([{ id: 1, result: LARGE }]);
    expect(ends).toEqual(["done"]);
  });

  it("that is large and breaks off is an error of the transport", async () => {
    for (const [deed, end] of [
      ["BREAK", "reset"],
      ["HANG", "timeout"],
    ] as const) {
      const { response, ends } = relay(
        upstreamOf([resultText(1, LARGE).slice(0, 100_000), deed], JSON_TYPE),
        { idleMs: 30 },
      );
      await expect(response.text()).rejects.toThrow("broke off");
      expect(ends).toEqual([end]);
    }
  });

  it("that is larger than is kept is judged by its ends", async () => {
    const failed = { content: LARGE.content, isError: true };
    for (const result of [LARGE, failed, { isError: true, ...LARGE }]) {
      const text = resultText(1, result);
      const { response, messages, ends } = relay(
        upstreamOf([text.slice(0, 90_000), text.slice(90_000)], JSON_TYPE),
        { eventBytesMax: 100_000 },
      );
      expect(await response.text()).toBe(text);
      const isError = "isError" in result ? { isError: true } : {};
      expect(messages).toMatchObject([{ id: 1, result: isError, bytes: text.length, text: "" }]);
      expect(ends).toEqual(["done"]);
    }
  });

  it("is rewritten whole, however large, up to what may be kept", async () => {
    const text = resultText(1, LARGE);
    const upstream = () => upstreamOf([text.slice(0, 100_000), text.slice(100_000)], JSON_TYPE);
    const rewrite = async () => "{}";

    expect(await relay(upstream(), { rewrite }).response.text()).toBe("{}");
    const cut = relay(upstream(), { rewrite, eventBytesMax: 150_000 });
    expect(await cut.response.text()).toBe(errorText("1", "too_large"));
    expect(cut.ends).toEqual(["too_large"]);
    const broken = relay(upstream(), { rewrite: () => Promise.reject(new Error("no policy")) });
    await expect(broken.response.text()).rejects.toThrow();
    expect(broken.ends).toEqual(["reset"]);
  });

  it("to a batch gets errors for what is missing of it", async () => {
    const pending = [1, 2].map((id) => ({ id, idText: String(id) }));
    const whole = `[${resultText(2)},${resultText(1)}]`;
    const cases = [
      [[whole], whole],
      [[`[${resultText(2)}]`], `[${resultText(2)},${errorText("1", "no_answer")}]`],
      [["BREAK"], `[${errorText("1", "reset")},${errorText("2", "reset")}]`],
    ] as const;
    for (const [deeds, expected] of cases) {
      const { response } = relay(upstreamOf(deeds, JSON_TYPE), { pending });
      expect(await response.text()).toBe(expected);
    }
  });

  it("is cancelled at once when its client goes away", async () => {
    const upstream = upstreamOf([resultText(1).slice(0, 20), "HANG"], JSON_TYPE);
    const { response, ends } = relay(upstream);
    const reader = response.body!.getReader();
    const waiting = reader.read();
    await reader.cancel();
    await waiting;

    expect(upstream.wasCancelled).toBe(true);
    expect(ends).toEqual(["client_gone"]);
  });

  it("leaves the upstream unread where its client is slow", async () => {
    function* endless() {
      for (;;) yield "x".repeat(50_000);
    }
    const upstream = upstreamOf(endless(), JSON_TYPE);
    const { response } = relay(upstream, { bytesMax: Number.POSITIVE_INFINITY });
    const reader = response.body!.getReader();
    for (let read = 0; read < 5; read++) await reader.read();

    expect(upstream.reads).toBeLessThanOrEqual(6);
    await reader.cancel();
  });
});

describe("A JSON-RPC error with an error status", () => {
  it("passes unchanged, and answers all that was asked, whatever id it has", async () => {
    for (const id of ["1", "null", '"x"']) {
      const text = `{"jsonrpc":"2.0","error":{"code":-32022,"message":"","data":{"supported":[]}},"id":${id}}`;
      const { response, messages, ends } = relay(upstreamOf([text], JSON_TYPE, 400));
      expect(response.status).toBe(400);
      expect(await response.text()).toBe(text);
      expect(messages).toMatchObject([{ id: 1, error: { code: -32022 }, isDue: true }]);
      expect(ends).toEqual(["done"]);
    }
  });
});
