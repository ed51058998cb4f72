import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clientEvents,
  errorText,
  event,
  JSON_TYPE,
  PROGRESS,
  relay,
  resultText,
  upstreamOf,
} from "./relayed.ts";

describe("An event stream that is relayed", () => {
  it("passes byte for byte, and tells of each message in order", async () => {
    const text = `: hello\n\nretry: 500\nid: a\ndata: \n\n${event(PROGRESS)}id: b\n${event(resultText(1))}`;
    const { response, messages, ends } = relay(upstreamOf([text]));

    expect(await response.text()).toBe(text);
    expect(messages).toMatchObject([{ method: "notifications/progress" }, { id: 1, isDue: true }]);
    expect(ends).toEqual(["done"]);
  });

  it("has headers of its own that keep proxies from holding it, and none of the upstream's", async () => {
    const headers = {
      "content-type": "text/event-stream; charset=utf-8",
      "mcp-session-id": "upstream-id",
      "set-cookie": "a=b",
      "x-upstream": "1",
    };
    const { response } = relay(upstreamOf([event(resultText(1))], headers));

    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    });
    await response.text();
  });

  it("passes a whole event at once, and holds back a part of one", async () => {
    const upstream = upstreamOf([`${event(PROGRESS)}data: {"half`, "HANG"]);
    const reader = relay(upstream).response.body!.getReader();

    expect(text((await reader.read()).value)).toBe(event(PROGRESS));
    await reader.cancel();
  });

  it("passes no event with more names than may be read", async () => {
    const resultWith = (names: number) =>
      resultText(1, Object.fromEntries(Array.from({ length: names }, (_, at) => [`k${at}`, 0])));
    const room = { bytesMax: 8_000_000, eventBytesMax: 8_000_000 };
    const most = relay(upstreamOf([event(resultWith(131_000))]), room);
    await most.response.text();
    const more = relay(upstreamOf([event(resultWith(132_000))]), room);
    await more.response.text();

    expect([most.ends, more.ends]).toEqual([["done"], ["too_large"]]);
  });

  it("passes a comment at once that no blank line follows", async () => {
    const reader = relay(upstreamOf([":\r\n", "HANG"])).response.body!.getReader();

    expect(text((await reader.read()).value)).toBe(":\r\n");
    await reader.cancel();
  });

  it.each(["\n", "\r", "\r\n"])("is the same cut anywhere, with line ends %j", async (lineEnd) => {
    const lines = ["\uFEFFid: ü", `data: ${PROGRESS}`, "", ": c", "data: {", "data:  }", "", ""];
    const whole = [...lines, `data: ${resultText(1, { text: "äöü 😀" })}`, "", ""].join(lineEnd);
    const bytes = new TextEncoder().encode(whole);
    for (let at = 0; at <= bytes.length; at++) {
      const { response, messages, ends } = relay(
        upstreamOf([bytes.subarray(0, at), bytes.subarray(at)].filter(({ length }) => length > 0)),
      );
      expect(await bodyText(response)).toBe(whole);
      expect(messages.map(({ id }) => id)).toEqual([null, 1]);
      expect(messages[1]).toMatchObject({ result: { text: "äöü 😀" } });
      expect(ends).toEqual(["done"]);
    }
  });

  it("is the same in whichever pieces it comes", async () => {
    const pieces = fc.array(
      fc.constantFrom("\n", "\r", "\r\n", ":", "data:", "id: 1", "event: x", '{"a":1}', "ü", " "),
      { maxLength: 40 },
    );
    const property = fc.asyncProperty(pieces, fc.array(fc.nat(60)), async (parts, cuts) => {
      const bytes = new TextEncoder().encode(`${parts.join("")}\n\n`);
      const at = [0, ...cuts.filter((cut) => cut < bytes.length), bytes.length].sort(
        (a, b) => a - b,
      );
      const chunks = at.slice(1).map((end, index) => bytes.slice(at[index], end));
      const { response } = relay(upstreamOf(chunks.filter(({ length }) => length > 0)), {
        pending: [],
      });
      expect(await bodyText(response)).toBe(new TextDecoder().decode(bytes));
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it("takes nothing for an answer that its client does not", async () => {
    // A byte order mark is one at the very start alone.
    const marked = `: first\n\n\uFEFFdata: ${resultText(1)}\n\n`;
    const typed = `event: endpoint\ndata: ${resultText(1)}\n\n`;
    for (const text of [marked, typed, `data:  \n\n`, `datum: ${resultText(1)}\n\n`]) {
      const { response, messages } = relay(upstreamOf([text]));
      expect((await clientEvents(response)).at(-1)).toBe(errorText("1", "no_answer"));
      expect(messages).toEqual([]);
    }
  });

  it("does not pass what has more values than there is room to judge", async () => {
    const bomb = resultText(1, { a: Array(500_000).fill(0) });
    const { response, ends } = relay(upstreamOf([event(PROGRESS) + event(bomb)]), {
      eventBytesMax: 4_000_000,
      rewrite: async () => "{}",
    });

    expect(await clientEvents(response)).toEqual([PROGRESS, errorText("1", "too_large")]);
    expect(ends).toEqual(["too_large"]);
  });

  it("tells answers apart by the type of their id", async () => {
    const pending = [
      { id: 1, idText: "1" },
      { id: "1", idText: '"1"' },
    ];
    const { response, ends } = relay(upstreamOf([event(resultText("1"))]), { pending });

    expect(await clientEvents(response)).toEqual([resultText("1"), errorText("1", "no_answer")]);
    expect(ends).toEqual(["no_answer"]);
  });

  it("takes two answers in one chunk, and in one event of a version with batches", async () => {
    const pending = [1, 2, 3].map((id) => ({ id, idText: String(id) }));
    const batch = `[${resultText(2)},${resultText(3)}]`;
    const { response, messages, ends } = relay(upstreamOf([event(resultText(1)) + event(batch)]), {
      pending,
    });

    expect(await clientEvents(response)).toEqual([resultText(1), batch]);
    expect(messages.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(ends).toEqual(["done"]);
  });

  it("gives an answer that the stream ends with, without its blank line", async () => {
    for (const last of ["", "\n", "\r\n"]) {
      const { response, ends } = relay(upstreamOf([`data: ${resultText(1)}${last}`]));
      expect(await clientEvents(response)).toEqual([resultText(1)]);
      expect(ends).toEqual(["done"]);
    }
  });

  it.each([
    ["ends without an answer", [event(PROGRESS)], "no_answer"],
    ["has nothing in it", [], "no_answer"],
    [
      "ends within the answer",
      [event(PROGRESS), `data: ${resultText(1).slice(0, 20)}`],
      "no_answer",
    ],
    ["is reset", [event(PROGRESS), "BREAK"], "reset"],
    ["is reset within the answer", [`data: ${resultText(1).slice(0, 20)}`, "BREAK"], "reset"],
    ["is silent", [event(PROGRESS), "HANG"], "timeout"],
    ["answers another request", [event(resultText(2))], "no_answer"],
    [
      "answers none",
      [event('{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":""}}')],
      "no_answer",
    ],
    ["sends an event that is too large", [`data: ${"x".repeat(3_000)}`, "HANG"], "too_large"],
    ["sends a whole event that is too large", [`data: ${"x".repeat(3_000)}\n\n`], "too_large"],
    ["sends more than it may", Array(9).fill(event("x".repeat(900))), "too_large"],
  ] as const)("that %s: the client is told so at once", async (_, deeds, end) => {
    const upstream = upstreamOf(deeds);
    const { response, ends } = relay(upstream, {
      idleMs: 50,
      eventBytesMax: 2_000,
      bytesMax: 6_000,
    });

    const events = await clientEvents(response);
    expect(events.at(-1)).toBe(errorText("1", end));
    expect(events.filter((data) => data.includes("-31006"))).toHaveLength(1);
    expect(ends).toEqual([end]);
  });

  it("writes an error for each request that is missing one, and none for the others", async () => {
    const pending = [1, 2, 3].map((id) => ({ id, idText: String(id) }));
    const { response } = relay(upstreamOf([event(resultText(2)), "BREAK"]), { pending });

    expect(await clientEvents(response)).toEqual([
      resultText(2),
      errorText("1", "reset"),
      errorText("3", "reset"),
    ]);
  });

  it("is cut when the first byte is late, though headers came at once", async () => {
    const upstream = upstreamOf(["HANG"]);
    const { response, ends } = relay(upstream, { firstByteByMs: Date.now() + 30, idleMs: 60_000 });

    expect(await clientEvents(response)).toEqual([errorText("1", "timeout")]);
    expect(ends).toEqual(["timeout"]);
    expect(upstream.wasCancelled).toBe(true);
  });

  it("gets a comment while its upstream is silent, by which a closed connection is noticed", async () => {
    const { response } = relay(upstreamOf(["HANG"]), { idleMs: 3_000 });

    expect(await response.text()).toBe(`:\n\n${event(errorText("1", "timeout"))}`);
  });

  it("ends soon after the last answer, though its upstream does not", async () => {
    const upstream = upstreamOf([event(resultText(1)), event(PROGRESS), "HANG"]);
    const { response, ends } = relay(upstream, { idleMs: 60_000 });

    expect(await clientEvents(response)).toEqual([resultText(1), PROGRESS]);
    expect(ends).toEqual(["done"]);
    expect(upstream.wasCancelled).toBe(true);
  });

  it("ends after the last answer, though its upstream goes on sending", async () => {
    function* endless() {
      yield event(resultText(1));
      for (;;) yield event(PROGRESS);
    }
    const upstream = upstreamOf(endless());
    const { response, ends } = relay(upstream, { bytesMax: Number.POSITIVE_INFINITY });

    await response.text();
    expect(ends).toEqual(["done"]);
    expect(upstream.wasCancelled).toBe(true);
  });

  it("is done if it breaks after the last answer", async () => {
    const { response, ends } = relay(upstreamOf([event(resultText(1)), "BREAK"]));

    expect(await clientEvents(response)).toEqual([resultText(1)]);
    expect(ends).toEqual(["done"]);
  });

  it("of nobody's request ends as its upstream does, and nothing is added", async () => {
    const cases = [
      [[event(PROGRESS)], "done"],
      [[event(PROGRESS), "BREAK"], "reset"],
      [[event(PROGRESS), "HANG"], "timeout"],
    ] as const;
    for (const [deeds, end] of cases) {
      const { response, ends } = relay(upstreamOf(deeds), { pending: [], idleMs: 30 });
      expect(await clientEvents(response)).toEqual([PROGRESS]);
      expect(ends).toEqual([end]);
    }
  });
});

describe("A stream that its client can resume", () => {
  const terms = { isResumable: true, version: "2025-11-25" } as const;
  const PRIMING = "id: 7\ndata: \n\n";

  it("may be closed before the answer: nothing is added", async () => {
    const { response, ends } = relay(upstreamOf([PRIMING]), terms);

    expect(await response.text()).toBe(PRIMING);
    expect(ends).toEqual(["detached"]);
  });

  it("cannot be resumed if it had no event id, nor from one that did not pass", async () => {
    for (const text of ["retry: 10\n\n", "", "id: 7\ndata: {"]) {
      const { response, ends } = relay(upstreamOf([text]), terms);
      expect(await clientEvents(response)).toEqual([errorText("1", "no_answer")]);
      expect(ends).toEqual(["no_answer"]);
    }
  });

  it("is of a legacy version: a modern one's ids are none to go on from", async () => {
    const modern = { isResumable: true, version: "2026-07-28" } as const;
    const { response, ends } = relay(upstreamOf([PRIMING]), modern);

    expect((await clientEvents(response)).at(-1)).toBe(errorText("1", "no_answer"));
    expect(ends).toEqual(["no_answer"]);
  });

  it("is not one if its session has none", async () => {
    const { ends, response } = relay(upstreamOf([PRIMING]), { ...terms, isResumable: false });

    await response.text();
    expect(ends).toEqual(["no_answer"]);
  });

  it("has died if it is reset", async () => {
    const { response, ends } = relay(upstreamOf([PRIMING, "BREAK"]), terms);

    expect((await clientEvents(response)).at(-1)).toBe(errorText("1", "reset"));
    expect(ends).toEqual(["reset"]);
  });
});

describe("A rewritten answer", () => {
  const rewrite = async () => `{\n"cut":true}`;

  it.each(["\n", "\r", "\r\n"])(
    "takes the place of what came, in whichever pieces, with line ends %j, and leaves the event's other lines",
    async (lineEnd) => {
      const before = [": c", `data: ${PROGRESS}`, "", ": note", ""].join(lineEnd);
      const data = [`data: {"jsonrpc":"2.0",`, `data: "id":1,"result":{}}`];
      const whole = `${before}${["id: 9", ...data, "event: message", "", ""].join(lineEnd)}`;
      const changed = `id: 9\nevent: message\ndata: {\ndata: "cut":true}\n\n`;
      const bytes = new TextEncoder().encode(whole);
      for (let at = 1; at < bytes.length; at++) {
        const upstream = upstreamOf([bytes.subarray(0, at), bytes.subarray(at)]);
        const { response } = relay(upstream, { rewrite });
        expect((await response.text()).replace(`${changed}\n`, changed)).toBe(
          `${before}${changed}`,
        );
      }
    },
  );

  it("is written for each result, also one that nobody waits for or that comes twice", async () => {
    const text = event(resultText(1)) + event(resultText(1)) + event(resultText(2));
    const { response } = relay(upstreamOf([text]), { rewrite });

    expect(await clientEvents(response)).toEqual(Array(3).fill(`{\n"cut":true}`));
  });

  it("lets an answer pass that it does not change, and errors", async () => {
    const error = '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}';
    for (const data of [error, resultText(1)]) {
      const { response } = relay(upstreamOf([`data:${data}\n\n`]), { rewrite: async () => null });
      expect(await response.text()).toBe(`data:${data}\n\n`);
    }
  });

  it("that cannot be made ends the stream, and nothing of the answer passes", async () => {
    const { response, ends } = relay(upstreamOf([event(resultText(1))]), {
      rewrite: () => Promise.reject(new Error("no policy")),
    });

    await expect(response.text()).rejects.toThrow();
    expect(ends).toEqual(["reset"]);
  });
});

it("An event stream of another type than it is said to be is no answer", async () => {
  const { response, ends } = relay(upstreamOf([event(resultText(1))], JSON_TYPE));

  expect(await response.text()).toBe(errorText("1", "no_answer"));
  expect(ends).toEqual(["no_answer"]);
});

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(bytes);
}

async function bodyText(response: Response): Promise<string> {
  return text(new Uint8Array(await response.arrayBuffer()));
}
