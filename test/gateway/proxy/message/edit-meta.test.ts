import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withTraceContext } from "#gateway/proxy/message/edit-meta.ts";
import { judgeText } from "#gateway/proxy/message/judge-body.ts";
import { jsonValue, messageValue, taken } from "./messages.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const BOTH = { traceparent: TRACEPARENT, tracestate: 'ot=th:8,x="\\' };
const ALONE = { traceparent: TRACEPARENT, tracestate: null };

const OWN = `"traceparent":"${TRACEPARENT}"`;

describe("Our place in the trace", () => {
  it.each([
    ['{"method":"m","id":1}', `{"params":{"_meta":{${OWN}}},"method":"m","id":1}`],
    ['{"params":{}}', `{"params":{"_meta":{${OWN}}}}`],
    ['{"params":{ "a":1.0 }}', `{"params":{"_meta":{${OWN}}, "a":1.0 }}`],
    ['{"params":{"_meta":{}}}', `{"params":{"_meta":{${OWN}}}}`],
    ['{"params":{"_meta":{"a":-0}}}', `{"params":{"_meta":{${OWN},"a":-0}}}`],
    [
      '{"params":{"_meta":{"a":1,"traceparent":"old","b":2}}}',
      `{"params":{"_meta":{"a":1,${OWN},"b":2}}}`,
    ],
    [
      '{"params":{"_meta":{"trace\\u0070arent" : null}}}',
      `{"params":{"_meta":{"trace\\u0070arent" : "${TRACEPARENT}"}}}`,
    ],
    ['{"params":{"_meta":{"tracestate":"a=b"}}}', `{"params":{"_meta":{${OWN}}}}`],
    ['{"params":{"_meta":{"tracestate":"a=b", "c":1}}}', `{"params":{"_meta":{${OWN},"c":1}}}`],
    ['{"params":{"_meta":{"c":1 , "tracestate":"a=b" }}}', `{"params":{"_meta":{${OWN},"c":1 }}}`],
    [
      '{"params":{"arguments":{"_meta":{"traceparent":"mine"}}}}',
      `{"params":{"_meta":{${OWN}},"arguments":{"_meta":{"traceparent":"mine"}}}}`,
    ],
    ['{"params":{"_meta":null}}', '{"params":{"_meta":null}}'],
    ['{"params":{"_meta":[]}}', '{"params":{"_meta":[]}}'],
  ])("goes into %s", (text, expected) => {
    expect(withTraceContext({ kind: "request", text }, ALONE)).toBe(expected);
  });

  it("is in no response", () => {
    const response = taken('{"jsonrpc":"2.0","id":1,"result":{"params":{}}}');
    expect(withTraceContext(response, BOTH)).toBe(response.text);
  });

  const meta = fc.oneof(
    fc.dictionary(fc.string(), jsonValue),
    fc.record(
      { traceparent: jsonValue, tracestate: jsonValue, progressToken: fc.nat() },
      { requiredKeys: [] },
    ),
  );
  const value = fc
    .tuple(messageValue, fc.option(meta))
    .map(([message, own]) =>
      own === null ? message : { ...message, params: { ...message.params, _meta: own } },
    );

  it("is all that differs in the message, which is judged as before", () => {
    fc.assert(
      fc.property(value, fc.nat(3), fc.boolean(), (message, indent, hasState) => {
        const text = JSON.stringify(message, null, indent);
        const before = judgeText(text, "2025-06-18");
        if (before.kind !== "messages") return;
        const context = hasState ? BOTH : ALONE;
        const after = taken(withTraceContext(before.messages[0]!, context), "2025-06-18");
        expect(after.meta).toMatchObject(context);
        const { _meta: metaBefore, ...paramsBefore } = before.messages[0]!.params ?? {};
        const { _meta: metaAfter, ...paramsAfter } = after.params ?? {};
        expect(paramsAfter).toEqual(paramsBefore);
        expect(Object.keys(paramsAfter)).toEqual(Object.keys(paramsBefore));
        expect(withoutTrace(metaAfter)).toEqual(withoutTrace(metaBefore));
        expect({ ...after, text: "", params: null, meta: null }).toEqual({
          ...before.messages[0],
          text: "",
          params: null,
          meta: null,
        });
      }),
      { numRuns: 500 },
    );
  });

  it("leaves every byte around it, and is the same when it is set again", () => {
    fc.assert(
      fc.property(value, fc.nat(3), (message, indent) => {
        const text = JSON.stringify(message, null, indent);
        const before = judgeText(text, "2025-06-18");
        if (before.kind !== "messages") return;
        const once = withTraceContext(before.messages[0]!, BOTH);
        // What is cut out and what is put in are texts of the two members, and at most "params" and "_meta".
        expect(putInto(text, once).length).toBeLessThan(JSON.stringify(BOTH).length + 30);
        expect(withTraceContext(taken(once), BOTH)).toBe(once);
      }),
    );
  });
});

/** What `after` has between the longest beginning and end that it shares with `before`. */
function putInto(before: string, after: string): string {
  let front = 0;
  while (front < before.length && before[front] === after[front]) front += 1;
  let back = 0;
  while (back < before.length - front && before.at(-1 - back) === after.at(-1 - back)) back += 1;
  return after.slice(front, after.length - back);
}

function withoutTrace(meta: unknown): object {
  const {
    traceparent: _parent,
    tracestate: _state,
    ...rest
  } = (meta ?? {}) as Record<string, unknown>;
  return rest;
}
