/** Values that are wrong for their type, as JSON text: what no serialiser would write is among them. */

/** Deeper than the stack of any recursive reader. */
const DEPTH = 100_000;

export const deep = {
  arrays: `${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}`,
  objects: `${'{"a":'.repeat(DEPTH)}1${"}".repeat(DEPTH)}`,
  unclosed: "[".repeat(DEPTH),
};

const NOT_STRINGS = ["1", "-1.5", "1e999", "true", "false", "[]", "{}", '["a"]', '{"a":"b"}'];
/** SQLite ends a text at a NUL; a lone surrogate has no UTF-8 form. */
const UNSTORABLE = [
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"a\\udc00"',
  '"\\udc00\\ud800"',
  '"\\ud83d \\ude00"',
];
const NOT_NUMBERS = ['"1"', '""', '"NaN"', "true", "[]", "{}", "[1]", '{"a":1}'];
const NOT_INTEGERS = ["1.5", "-1", "-0.5", "9007199254740992", "1e20", "1e999", "-1e999"];

const text = (value: string) => JSON.stringify(value);
const hexOf = (digits: number) => [
  ...NOT_STRINGS,
  '""',
  text("a".repeat(digits - 1)),
  text("a".repeat(digits + 1)),
  text("g".repeat(digits)),
  text(`${"a".repeat(digits)}\n`),
  text(`0x${"a".repeat(digits - 2)}`),
  '"a\\u0000"',
];

export const wrong = {
  name: [
    ...NOT_STRINGS,
    ...UNSTORABLE,
    "null",
    '""',
    text("x".repeat(129)),
    text("😀".repeat(129)),
  ],
  text: [...NOT_STRINGS, ...UNSTORABLE, text("x".repeat(257))],
  message: [...NOT_STRINGS, text("x".repeat(8_193))],
  integer: [...NOT_NUMBERS, ...NOT_INTEGERS],
  duration: [...NOT_NUMBERS, "null", "-1", "-0.001", "86400000.001", "1e308", "1e999", "-1e999"],
  errorHash: hexOf(64),
  traceId: [...hexOf(32), text("0".repeat(32))],
  spanId: [...hexOf(16), text("0".repeat(16))],
  outcome: [
    ...NOT_STRINGS,
    "null",
    '""',
    '"OK"',
    '"ok "',
    '"error"',
    '"constructor"',
    '"ok\\u0000"',
  ],
  id: [
    ...NOT_STRINGS,
    '""',
    '"x"',
    '"00000000-0000-0000-0000-000000000000"',
    '"ffffffff-ffff-ffff-ffff-ffffffffffff"',
    '"9b2f5c1e-7d4a-4c3b-8e21-5f6a7b8c9d0e"',
    '"019aa9c5-0000-7000-0000-000000000000"',
    '"019aa9c5-0000-7000-8000-00000000000"',
    '"019aa9c5-0000-7000-8000-0000000000000"',
    '"019aa9c500007000800000000000000000"',
    '"{019aa9c5-0000-7000-8000-000000000000}"',
    '"urn:uuid:019aa9c5-0000-7000-8000-000000000000"',
    '"019aa9c5-0000-7000-8000-00000000000g"',
    '"019aa9c5-0000-7000-8000-00000000\\u00000"',
  ],
  time: [
    "true",
    "[]",
    "{}",
    "1.5",
    "-1",
    "1e999",
    "1e16",
    '""',
    '"now"',
    '"2026-11-22"',
    '"2026-11-22T07:00:00"',
    '"2026-11-22 07:00:00Z"',
    '"2026-11-22T07:00Z"',
    '"2026-02-30T07:00:00Z"',
    '"2026-11-22T24:00:00Z"',
    '"2026-11-22T07:60:00Z"',
    '"2026-11-22T07:00:60Z"',
    '"2026-11-22T07:00:00.Z"',
    '"2026-11-22T07:00:00+24:00"',
    '"2026-11-22T07:00:00Z\\u0000"',
    '"12026-11-22T07:00:00Z"',
    '"Sun, 22 Nov 2026 07:00:00 GMT"',
    '"２０２６-11-22T07:00:00Z"',
  ],
} as const;

/** Bytes that are not UTF-8: RFC 3629 §3 and §4. */
export const NOT_UTF8: Record<string, readonly number[]> = {
  "a byte that never occurs": [0xff],
  "a lone continuation": [0x80],
  "an overlong NUL": [0xc0, 0x80],
  "an overlong slash": [0xe0, 0x80, 0xaf],
  "an encoded surrogate": [0xed, 0xa0, 0x80],
  "a code point over U+10FFFF": [0xf4, 0x90, 0x80, 0x80],
  "a character cut short": [0xe2, 0x82],
};
