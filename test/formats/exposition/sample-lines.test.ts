import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  labelSet,
  type MetricFamily,
  type ScalarPoint,
  withLabel,
} from "#formats/exposition/metric-family.ts";
import { encodeOpenMetrics } from "#formats/exposition/open-metrics.ts";
import { encodeText } from "#formats/exposition/text.ts";
import { readPage, readText } from "./read-page.ts";
import { sampleFamilies } from "./sample-families.ts";

const encoders = [
  ["text 0.0.4", encodeText],
  ["OpenMetrics 1.0", encodeOpenMetrics],
] as const;

const HOSTILE = [
  "\\",
  "\n",
  '"',
  "\r",
  "#",
  "{",
  "}",
  ",",
  "=",
  " ",
  "n",
  "😀",
  "\u2028",
  "\ufeff",
];
const labelValue = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(...HOSTILE) }),
);
const value = fc.oneof(fc.double(), fc.maxSafeNat(), fc.integer());

function gauge(points: Iterable<ScalarPoint>): MetricFamily {
  return { type: "gauge", name: "g", help: "Help", points };
}

describe.each(encoders)("Sample lines in %s", (_format, encode) => {
  it("bring back every label value, whatever it holds", () => {
    const property = fc.property(labelValue, labelValue, labelValue, (a, b, first) => {
      const labels = withLabel(
        "q",
        first,
        labelSet([
          ["a", a],
          ["b", b],
        ]),
      );
      const { samples } = readPage(encode([gauge([{ labels, value: 1 }])]));
      expect(samples).toEqual([
        {
          name: "g",
          labels: [
            ["q", first],
            ["a", a],
            ["b", b],
          ],
          value: "1",
        },
      ]);
      expect(labels.pairs).toEqual(samples[0]?.labels);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("bring back every double exactly", () => {
    fc.assert(
      fc.property(value, (number) => {
        const { samples } = readPage(encode([gauge([{ labels: labelSet([]), value: number }])]));
        const read = Number(samples[0]?.value.replace("Inf", "Infinity"));
        // Negative zero is written as zero: no metric tells them apart.
        expect(read).toEqual(number === 0 ? 0 : number);
      }),
    );
  });

  it("accumulate bucket counts up to the count, at +Inf too", () => {
    const counts = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(counts, (bucketCounts) => {
        const count = bucketCounts.reduce((sum, each) => sum + each, 0);
        const bounds = bucketCounts.slice(1).map((_, index) => 2 ** index);
        const point = { labels: labelSet([]), sum: 1, count, bucketCounts };
        const family = { type: "histogram", name: "h", help: "", bounds, points: [point] } as const;
        const { samples } = readPage(encode([family]));
        const buckets = samples.filter(({ name }) => name === "h_bucket");
        const sums = bucketCounts.map((_, index) => bucketCounts.slice(0, index + 1));
        const cumulative = sums.map((each) => `${each.reduce((sum, next) => sum + next, 0)}`);
        expect(buckets.map(({ value }) => value)).toEqual(cumulative);
        expect(samples.at(-1)).toEqual({ name: "h_count", labels: [], value: `${count}` });
      }),
    );
  });

  it("stay valid UTF-8 even for a lone surrogate, which fails a scrape otherwise", () => {
    const labels = labelSet([["a", "\ud800x"]]);
    const { samples } = readPage(encode([gauge([{ labels, value: 1 }])]));
    expect(samples[0]?.labels).toEqual([["a", "\ufffdx"]]);
  });

  it("end with LF, with no BOM, no CRLF, no blank line and no double space", () => {
    const text = readText(encode(sampleFamilies));
    expect(text.charCodeAt(0)).toBe("#".charCodeAt(0));
    expect(text).not.toMatch(/\r\n|\n\n| {2}/);
    expect(text.endsWith("\n")).toBe(true);
  });

  it("carry no timestamp, no _created and no start time, which 2.42 refuses or counts twice", () => {
    const text = readText(encode(sampleFamilies));
    expect(text).not.toMatch(/_created|st@/);
    for (const line of text.split("\n").filter((each) => /^[a-z]/.test(each))) {
      expect(line).toMatch(/^[a-z_]+(\{.*\})? \S+( # .*)?$/s);
    }
  });

  it("keep a family together under one TYPE and one HELP", () => {
    const { comments } = readPage(encode(sampleFamilies));
    const types = comments.filter((line) => line.startsWith("# TYPE "));
    const helps = comments.filter((line) => line.startsWith("# HELP "));
    expect(new Set(types).size).toBe(sampleFamilies.length);
    expect(types.length).toBe(sampleFamilies.length);
    expect(helps.length).toBe(sampleFamilies.length);
    expect(types.every((line) => / (counter|gauge|histogram)$/.test(line))).toBe(true);
  });

  it("come in chunks of about 64 KiB that join to whole lines", () => {
    const points = Array.from({ length: 5_000 }, (_, index) => ({
      labels: labelSet([
        ["a", `😀${index}`],
        ["b", "é".repeat(40)],
      ]),
      value: index,
    }));
    const chunks = [...encode([gauge(points)])];
    expect(chunks.length).toBeGreaterThan(4);
    for (const chunk of chunks) expect(chunk.length).toBeLessThan(200_000);
    expect(readPage(chunks).samples.length).toBe(5_000);
  });

  it("are made as they are read: the first chunk does not wait for the last point", () => {
    let pulled = 0;
    function* points(): Generator<ScalarPoint> {
      for (; pulled < 1_000_000; pulled++) yield { labels: labelSet([]), value: pulled };
    }
    encode([gauge(points())]).next();
    expect(pulled).toBeLessThan(20_000);
  });
});
