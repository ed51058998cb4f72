/**
 * The 41 cases of the public test suite of W3C Trace Context, in our own words and with our own
 * ids: https://github.com/w3c/trace-context/blob/acab820/test/test.py with STRICT_LEVEL=2 and
 * SPEC_LEVEL=2. Clauses are sections of Level 2, https://www.w3.org/TR/trace-context-2/.
 *
 * They are data, so that they can be put to the functions and to a Worker: send the headers, let
 * the service make `calls` calls meanwhile, and hand their headers to `complaintsAbout`.
 */
export type HeaderPair = readonly [name: string, value: string];

export interface W3cExpectation {
  /** The trace of the request goes on, or none of the ids sent is used. */
  readonly trace: "continued" | "restarted";
  /** Members that are to be passed on, in this order. Others may stand before or between. */
  readonly members?: readonly (readonly [key: string, value: string])[];
  readonly memberCount?: number;
  /** Keys that must not be passed on. */
  readonly absentKeys?: readonly string[];
  /** Flags that must be set. */
  readonly flags?: number;
}

export interface W3cRequest {
  readonly headers: readonly HeaderPair[];
  readonly calls: number;
  readonly expect: W3cExpectation;
}

export interface W3cCase {
  readonly name: string;
  readonly clause: string;
  readonly requests: readonly W3cRequest[];
}

/** Of the example in §3.1. */
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const SAMPLED = `00-${TRACE}-${SPAN}-01`;
const UNSAMPLED = `00-${TRACE}-${SPAN}-00`;

const LOWER_ALPHA = "abcdefghijklmnopqrstuvwxyz";
const KEY_CHARACTERS = `${LOWER_ALPHA}0123456789_-*/`;
/** U+0020 to U+007E without comma and equals sign. */
const VALUE_CHARACTERS = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index))
  .filter((character) => character !== "," && character !== "=")
  .join("");

const numbered = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => {
    const digits = String(first + index).padStart(2, "0");
    return `bar${digits}=${digits}`;
  }).join(",");

function request(headers: readonly HeaderPair[], expect: W3cExpectation, calls = 1): W3cRequest {
  return { headers, calls, expect };
}

/** One `traceparent` that is valid. */
function continues(traceparent: string, name = "traceparent"): W3cRequest {
  return request([[name, traceparent]], { trace: "continued" });
}

/** One `traceparent` that is not. */
function restarts(traceparent: string, name = "traceparent"): W3cRequest {
  return request([[name, traceparent]], { trace: "restarted" });
}

/** Headers of name `tracestate` beside a valid `traceparent`. */
function withState(states: readonly string[], expect: Omit<W3cExpectation, "trace">): W3cRequest {
  const stateHeaders = states.map((state): HeaderPair => ["tracestate", state]);
  return request([["traceparent", UNSAMPLED], ...stateHeaders], { trace: "continued", ...expect });
}

const passes = (states: readonly string[], ...members: [string, string][]) =>
  withState(states, { members });
const discards = (states: readonly string[], ...absentKeys: string[]) =>
  withState(states, { absentKeys });

/** A `tracestate` under any name beside a valid `traceparent`. */
function named(name: string, expect: Omit<W3cExpectation, "trace">): W3cRequest {
  const headers: HeaderPair[] = [
    ["traceparent", UNSAMPLED],
    [name, "foo=1"],
  ];
  return request(headers, { trace: "continued", ...expect });
}

const TRACEPARENT_CASES: readonly W3cCase[] = [
  {
    name: "test_both_traceparent_and_tracestate_missing",
    clause: "§4.1.1 No traceparent Received",
    requests: [request([], { trace: "restarted" })],
  },
  {
    name: "test_traceparent_included_tracestate_missing",
    clause: "§4.1.2 A traceparent is Received, step 4: update parent-id",
    requests: [continues(SAMPLED)],
  },
  {
    name: "test_traceparent_duplicated",
    clause: "§3.2.2 traceparent Header Field Values: one value, and RFC 9110 §5.3",
    requests: [
      request(
        [
          ["traceparent", `00-${TRACE.replace("0", "1")}-${SPAN}-01`],
          ["traceparent", SAMPLED],
        ],
        { trace: "restarted" },
      ),
    ],
  },
  {
    name: "test_traceparent_header_name",
    clause: "§3.2.1 Header Name: a single word without delimiters",
    requests: [restarts(SAMPLED, "trace-parent"), restarts(SAMPLED, "trace.parent")],
  },
  {
    name: "test_traceparent_header_name_valid_casing",
    clause: "§3.2.1 Header Name: ASCII case-insensitive",
    requests: ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"].map((name) => continues(SAMPLED, name)),
  },
  {
    name: "test_traceparent_version_0x00",
    clause: "§3.2.2.2 version-format: nothing follows the flags",
    requests: [restarts(`${SAMPLED}.`), restarts(`${SAMPLED}-of-a-later-version`)],
  },
  {
    name: "test_traceparent_version_0xcc",
    clause: "§3.2.4 Versioning of traceparent: the flags end the text or a dash follows them",
    requests: [
      continues(`cc-${TRACE}-${SPAN}-01`),
      continues(`cc-${TRACE}-${SPAN}-01-of-a-later-version`),
      restarts(`cc-${TRACE}-${SPAN}-01.of-a-later-version`),
    ],
  },
  {
    name: "test_traceparent_version_0xff",
    clause: "§3.2.2.1 version: ff is invalid",
    requests: [restarts(`ff-${TRACE}-${SPAN}-01`)],
  },
  {
    name: "test_traceparent_version_illegal_characters",
    clause: "§3.2.2.1 version: 2HEXDIGLC",
    requests: [restarts(`.0-${TRACE}-${SPAN}-01`), restarts(`0.-${TRACE}-${SPAN}-01`)],
  },
  {
    name: "test_traceparent_version_too_long",
    clause: "§3.2.4: no version of 2 characters and a dash, so the trace restarts",
    requests: [restarts(`000-${TRACE}-${SPAN}-01`), restarts(`0000-${TRACE}-${SPAN}-01`)],
  },
  {
    name: "test_traceparent_version_too_short",
    clause: "§3.2.4: no version of 2 characters and a dash, so the trace restarts",
    requests: [restarts(`0-${TRACE}-${SPAN}-01`)],
  },
  {
    name: "test_traceparent_trace_id_all_zero",
    clause: "§3.2.2.3 trace-id: all bytes zero is invalid",
    requests: [restarts(`00-${"0".repeat(32)}-${SPAN}-01`)],
  },
  {
    name: "test_traceparent_trace_id_illegal_characters",
    clause: "§3.2.2.3 trace-id: 32HEXDIGLC",
    requests: [
      restarts(`00-.${TRACE.slice(1)}-${SPAN}-01`),
      restarts(`00-${TRACE.slice(0, 31)}.-${SPAN}-01`),
    ],
  },
  {
    name: "test_traceparent_trace_id_too_long",
    clause: "§3.2.2.3 trace-id: 32HEXDIGLC",
    requests: [restarts(`00-${TRACE}1-${SPAN}-01`)],
  },
  {
    name: "test_traceparent_trace_id_too_short",
    clause: "§3.2.2.3 trace-id: 32HEXDIGLC",
    requests: [restarts(`00-${TRACE.slice(1)}-${SPAN}-01`)],
  },
  {
    name: "test_traceparent_parent_id_all_zero",
    clause: "§3.2.2.4 parent-id: all bytes zero is invalid",
    requests: [restarts(`00-${TRACE}-${"0".repeat(16)}-01`)],
  },
  {
    name: "test_traceparent_parent_id_illegal_characters",
    clause: "§3.2.2.4 parent-id: 16HEXDIGLC",
    requests: [
      restarts(`00-${TRACE}-.${SPAN.slice(1)}-01`),
      restarts(`00-${TRACE}-${SPAN.slice(0, 15)}.-01`),
    ],
  },
  {
    name: "test_traceparent_parent_id_too_long",
    clause: "§3.2.2.4 parent-id: 16HEXDIGLC",
    requests: [restarts(`00-${TRACE}-${SPAN}1-01`)],
  },
  {
    name: "test_traceparent_parent_id_too_short",
    clause: "§3.2.2.4 parent-id: 16HEXDIGLC",
    requests: [restarts(`00-${TRACE}-${SPAN.slice(1)}-01`)],
  },
  {
    name: "test_traceparent_trace_flags_illegal_characters",
    clause: "§3.2.2.5 trace-flags: 2HEXDIGLC",
    requests: [restarts(`00-${TRACE}-${SPAN}-.0`), restarts(`00-${TRACE}-${SPAN}-0.`)],
  },
  {
    name: "test_traceparent_trace_flags_too_long",
    clause: "§3.2.2.5 trace-flags: 2HEXDIGLC",
    requests: [restarts(`00-${TRACE}-${SPAN}-001`)],
  },
  {
    name: "test_traceparent_trace_flags_too_short",
    clause: "§3.2.2.5 trace-flags: 2HEXDIGLC",
    requests: [restarts(`00-${TRACE}-${SPAN}-1`)],
  },
  {
    name: "test_traceparent_ows_handling",
    clause: "RFC 9110 §5.5 Field Values: whitespace around a value is no part of it",
    requests: [
      continues(` ${SAMPLED}`),
      continues(`\t${SAMPLED}`),
      continues(`${SAMPLED} `),
      continues(`${SAMPLED}\t`),
      continues(`\t ${SAMPLED} \t`),
    ],
  },
];

const TRACESTATE_CASES: readonly W3cCase[] = [
  {
    name: "test_tracestate_included_traceparent_missing",
    clause: "§4.1.1 step 3: a tracestate without a traceparent is discarded",
    requests: ["foo=1", "foo=1,bar=2"].map((state) =>
      request([["tracestate", state]], { trace: "restarted", absentKeys: ["foo", "bar"] }),
    ),
  },
  {
    name: "test_tracestate_included_traceparent_included",
    clause: "§3.5 Mutating the tracestate Field: it is sent on",
    requests: [passes(["foo=1,bar=2"], ["foo", "1"], ["bar", "2"])],
  },
  {
    name: "test_tracestate_header_name",
    clause: "§3.3.1 Header Name: a single word without delimiters",
    requests: ["trace-state", "trace.state"].map((name) => named(name, { absentKeys: ["foo"] })),
  },
  {
    name: "test_tracestate_header_name_valid_casing",
    clause: "§3.3.1 Header Name: ASCII case-insensitive",
    requests: ["TraceState", "TrAcEsTaTe", "TRACESTATE"].map((name) =>
      named(name, { members: [["foo", "1"]] }),
    ),
  },
  {
    name: "test_tracestate_empty_header",
    clause: "§3.3.2 tracestate Header Field Values: empty headers are accepted, and not sent",
    requests: [
      passes([""]),
      passes(["foo=1", ""], ["foo", "1"]),
      passes(["", "foo=1"], ["foo", "1"]),
    ],
  },
  {
    name: "test_tracestate_multiple_headers_different_keys",
    clause: "§3.3.2: several headers are combined in their order (RFC 9110 §5.3)",
    requests: [
      passes(
        ["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
        ["foo", "1"],
        ["bar", "2"],
        ["rojo", "1"],
        ["congo", "2"],
        ["baz", "3"],
      ),
    ],
  },
  {
    name: "test_tracestate_duplicated_keys",
    clause: "§3.3.3 Combined Header Value: one entry per key; §3.5: duplicates MAY be discarded",
    requests: [
      passes(["foo=1,foo=1"], ["foo", "1"]),
      passes(["foo=1,foo=2"], ["foo", "1"]),
      passes(["foo=1", "foo=1"], ["foo", "1"]),
      passes(["foo=1", "foo=2"], ["foo", "1"]),
    ],
  },
  {
    name: "test_tracestate_all_allowed_characters",
    clause: "§3.3.2 Key, Value",
    requests: [KEY_CHARACTERS, `${KEY_CHARACTERS}@a-z0-9_-*/`].map((key) =>
      passes([`${key}=${VALUE_CHARACTERS}`], [key, VALUE_CHARACTERS]),
    ),
  },
  {
    name: "test_tracestate_ows_handling",
    clause: "§3.3.2: spaces and tabs surrounding list-members are ignored",
    requests: [
      passes(["foo=1 \t , \t bar=2, \t baz=3"], ["foo", "1"], ["bar", "2"], ["baz", "3"]),
      passes(["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], ["foo", "1"], ["bar", "2"], ["baz", "3"]),
      ...[" foo=1", "\tfoo=1", "foo=1 ", "foo=1\t", "\t foo=1 \t"].map((state) =>
        passes([state], ["foo", "1"]),
      ),
    ],
  },
  {
    name: "test_tracestate_key_illegal_characters",
    clause: "§3.3.2 Key",
    requests: [
      discards(["foo =1"], "foo ", "foo"),
      discards(["FOO=1"], "FOO", "foo"),
      discards(["foo.bar=1"], "foo.bar"),
    ],
  },
  {
    name: "test_tracestate_key_illegal_vendor_format",
    clause: "§3.3.2 Key: at signs anywhere but at the start",
    requests: [
      passes(["foo@=1,bar=2"], ["foo@", "1"], ["bar", "2"]),
      discards(["@foo=1,bar=2"], "@foo", "bar"),
      passes(["foo@@bar=1,bar=2"], ["foo@@bar", "1"], ["bar", "2"]),
      passes(["foo@bar@baz=1,bar=2"], ["foo@bar@baz", "1"], ["bar", "2"]),
    ],
  },
  {
    name: "test_tracestate_member_count_limit",
    clause: "§3.3.2: a maximum of 32 list-members",
    requests: [
      withState([numbered(1, 10), numbered(11, 20), numbered(21, 30), numbered(31, 32)], {
        members: [["bar01", "01"]],
        memberCount: 32,
      }),
      discards([numbered(1, 10), numbered(11, 20), numbered(21, 30), numbered(31, 33)], "bar01"),
    ],
  },
  {
    name: "test_tracestate_key_length_limit",
    clause: "§3.3.2 Key: 256 characters, of which a tenant may have any number",
    requests: [
      ...["z".repeat(256), `${"t".repeat(241)}@${"v".repeat(14)}`].map((key) =>
        passes(["foo=1", `${key}=1`], ["foo", "1"], [key, "1"]),
      ),
      ...[`${"t".repeat(242)}@v`, `t@${"v".repeat(15)}`].map((key) =>
        passes(["foo=1", `${key}=1`], ["foo", "1"], [key, "1"]),
      ),
      discards(["foo=1", `${"z".repeat(257)}=1`], "foo"),
    ],
  },
  {
    name: "test_tracestate_value_illegal_characters",
    clause: "§3.3.2 Value: no equals sign, not empty",
    requests: [discards(["foo=bar=baz"], "foo"), discards(["foo=,bar=3"], "foo", "bar")],
  },
];

const ADVANCED_CASES: readonly W3cCase[] = [
  {
    name: "test_multiple_requests_with_valid_traceparent",
    clause: "§4.1.2 step 4: every outgoing request has a parent-id of its own",
    requests: [request([["traceparent", SAMPLED]], { trace: "continued" }, 3)],
  },
  {
    name: "test_multiple_requests_without_traceparent",
    clause: "§4.1.1 step 5, §3.4: every outgoing request has a parent-id of its own",
    requests: [request([], { trace: "restarted" }, 3)],
  },
  {
    name: "test_multiple_requests_with_illegal_traceparent",
    clause: "§4.1.2 step 2.3: an invalid trace-id is not used",
    requests: [
      request([["traceparent", `00-${"0".repeat(32)}-${SPAN}-01`]], { trace: "restarted" }, 3),
    ],
  },
  {
    name: "test_propagates_random_flag",
    clause: "§3.2.2.5.2 Random Trace ID Flag: set in all that continue the trace",
    requests: [
      request([["traceparent", `00-${TRACE}-${SPAN}-02`]], { trace: "continued", flags: 0b10 }),
    ],
  },
];

export const W3C_CASES = [...TRACEPARENT_CASES, ...TRACESTATE_CASES, ...ADVANCED_CASES];
