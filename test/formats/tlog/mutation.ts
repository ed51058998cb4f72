import fc from "fast-check";

/** What the tlog formats give a meaning to, and what must have none in them. */
const EDITS = [
  ..."\n \r\t+=/—.xp0129Aa\u0000\u001f\u007f\u0085\u00a0é\u2028\ufeff😀",
  "\ud800",
  "",
];

/** The text after one edit: characters taken out, put in, replaced or doubled. Often unchanged. */
export function mutationOf(text: string): fc.Arbitrary<string> {
  const at = fc.nat({ max: text.length });
  const put = fc.oneof(fc.constantFrom(...EDITS), fc.string({ maxLength: 3 }));
  const edit = fc.record({ at, put, taken: fc.nat({ max: 3 }), isDoubled: fc.boolean() });
  return edit.map(({ at, put, taken, isDoubled }) => {
    const kept = isDoubled ? text.slice(at, at + taken) : "";
    return text.slice(0, at) + kept + put + kept + text.slice(at + taken);
  });
}
