import { describe, expect, it } from "vitest";
import { BATCH_MESSAGES_MAX, judgeText } from "#gateway/proxy/message/judge-body.ts";
import { PROTOCOL_VERSIONS } from "#gateway/proxy/message/protocol-version.ts";
import { callText, causeOf, requestText, taken } from "./messages.ts";

describe("Batches and responses", () => {
  const ping = (id: number | string) => requestText("ping", undefined, { id });
  const batch = (...texts: string[]) => `[${texts.join(" , ")}]`;
  const result = '{"jsonrpc":"2.0","id":1,"result":{}}';

  it.each(PROTOCOL_VERSIONS)("of %s: batches are taken in 2025-03-26 alone", (version) => {
    const judged = judgeText(batch(ping(1)), version);
    expect(causeOf(judged)).toBe(version === "2025-03-26" ? "taken" : "batch");
    expect(causeOf(judgeText("[]", version))).toBe("batch");
    expect(causeOf(judgeText("[1]", version))).toBe(version === "2025-03-26" ? "-32600" : "batch");
  });

  it("are judged message by message, each with its own text", () => {
    const text = ` [ ${ping(1)}\n,${callText().replace('"id":1', '"id" : "b"')} ]`;
    const judged = judgeText(text, "2025-03-26");
    if (judged.kind !== "messages") throw new Error(causeOf(judged));
    expect(judged.isBatch).toBe(true);
    expect(judged.messages.map(({ idText, method }) => [idText, method])).toEqual([
      ["1", "ping"],
      ['"b"', "tools/call"],
    ]);
    for (const message of judged.messages) expect(text).toContain(message.text);
    for (const message of judged.messages) {
      expect(taken(message.text, "2025-03-26")).toEqual(message);
    }
  });

  it.each([
    [batch(ping(1), callText({ Name: "x" })), "case_twin"],
    [batch(ping(1), '{"jsonrpc":"2.0","id":null,"method":"ping"}'), "bad_id"],
    [batch(ping(1), batch(ping(2))), "-32600"],
    [batch(ping(1), ping(1)), "duplicate_id"],
    [batch(ping(1), ping("1")), "duplicate_id"],
    [batch(ping(2), result), "batch"],
    [batch(ping(1), requestText("initialize", {}, { id: 2 })), "batch"],
    [batch(...Array.from({ length: BATCH_MESSAGES_MAX + 1 }, (_, id) => ping(id))), "batch"],
    [batch(...Array.from({ length: BATCH_MESSAGES_MAX }, (_, id) => ping(id))), "taken"],
    [batch(result, result.replace("1", "2")), "taken"],
  ])("as %s: %s", (text, expected) => {
    expect(causeOf(judgeText(text, "2025-03-26"))).toBe(expected);
  });

  it.each(PROTOCOL_VERSIONS)("of %s: responses are legal in the legacy era", (version) => {
    const isModern = version === "2026-07-28";
    for (const text of [result, '{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"m"}}']) {
      const judged = judgeText(text, version);
      expect(causeOf(judged)).toBe(isModern ? "unasked_response" : "taken");
      if (judged.kind === "messages")
        expect(judged.messages[0]).toMatchObject({ kind: "response" });
    }
    expect(causeOf(judgeText('{"jsonrpc":"2.0","result":{}}', version))).toBe("unasked_response");
  });
});
