import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type HistogramPoint,
  labelSet,
  type MetricFamily,
} from "#formats/exposition/metric-family.ts";
import { encodeProtobuf } from "#formats/exposition/protobuf.ts";
import { type Message, readMetricFamilies } from "./read-metric-families.ts";
import { sampleFamilies } from "./sample-families.ts";

const emptyNative = { schema: 4, zeroThreshold: 2 ** -20, zeroCount: 0, indexes: [], counts: [] };

function histogram(point: Partial<HistogramPoint>): MetricFamily {
  const empty = { labels: labelSet([]), sum: 0, count: 0, bucketCounts: [0, 0] };
  return { type: "histogram", name: "h", help: "", bounds: [1], points: [{ ...empty, ...point }] };
}

function readHistogram(family: MetricFamily): Message {
  const [message] = readMetricFamilies(encodeProtobuf([family]));
  return message!.metric![0]!.histogram![0]!;
}

describe("encodeProtobuf", () => {
  it("writes each family once, in order, and leaves out one without points", () => {
    const families = readMetricFamilies(encodeProtobuf(sampleFamilies));
    expect(families.map(({ name, type, unit }) => ({ name, type, unit }))).toEqual([
      { name: ["mcpg_tool_calls_total"], type: [0], unit: undefined },
      { name: ["mcpg_tool_latency_ms"], type: [1], unit: undefined },
      { name: ["mcpg_rollup_watermark_timestamp_seconds"], type: [1], unit: ["seconds"] },
      { name: ["mcpg_tool_duration_seconds"], type: [4], unit: ["seconds"] },
    ]);
  });

  it("keeps help and label values as they are, without any escaping", () => {
    const [calls] = readMetricFamilies(encodeProtobuf(sampleFamilies));
    expect(calls?.help).toEqual(['Calls, "all" of them: C:\\\nsecond line']);
    expect(calls?.metric?.[1]).toEqual({
      label: [
        { name: ["org"], value: ["acme"] },
        { name: ["tool"], value: ['a\\b"c\nd\re#{},= 😀\u2028é'] },
      ],
      counter: [{ value: [0] }],
    });
  });

  it("writes classic cumulative and native buckets of a histogram side by side", () => {
    const histogramFamily = sampleFamilies.find(({ type }) => type === "histogram")!;
    const exemplar = {
      label: [
        { name: ["trace_id"], value: ["4bf92f3577b34da6a3ce929d0e0e4736"] },
        { name: ["invocation_id"], value: ["01890a5d-ac96-774b-bcce-b302099a8057"] },
      ],
      value: [0.67],
      timestamp: [{ seconds: [1_520_879_607], nanos: [789_000_000] }],
    };
    expect(readHistogram(histogramFamily)).toEqual({
      sample_count: [7],
      sample_sum: [101.5],
      bucket: [
        { cumulative_count: [1], upper_bound: [0.00390625] },
        { cumulative_count: [5], upper_bound: [1], exemplar: [exemplar] },
        { cumulative_count: [5], upper_bound: [64] },
        { cumulative_count: [7], upper_bound: [Number.POSITIVE_INFINITY] },
      ],
      schema: [0],
      zero_threshold: [2 ** -20],
      zero_count: [1],
      positive_span: [
        { offset: [-1], length: [2] },
        { offset: [6], length: [1] },
      ],
      positive_delta: [3, -2, 1],
    });
  });

  it("marks a native histogram without observations by a no-op span", () => {
    const message = readHistogram(histogram({ native: emptyNative }));
    expect(message.positive_span).toEqual([{ offset: [0], length: [0] }]);
    expect(message.positive_delta).toBeUndefined();
  });

  it("writes no native field for a histogram that has classic buckets only", () => {
    const message = readHistogram(histogram({}));
    expect(Object.keys(message)).toEqual(["sample_count", "sample_sum", "bucket"]);
  });

  it("tells when a counter and a histogram were created, to the millisecond, where it is known", () => {
    const createdMs = 1_520_879_607_789;
    const points = [createdMs, null].map((created) => ({
      labels: labelSet([]),
      value: 1,
      createdMs: created,
    }));
    const counter: MetricFamily = { type: "counter", name: "c_total", help: "", points };
    const [family] = readMetricFamilies(encodeProtobuf([counter]));
    const created_timestamp = [{ seconds: [1_520_879_607], nanos: [789_000_000] }];
    expect(family?.metric?.map((metric) => metric.counter?.[0])).toEqual([
      { value: [1], created_timestamp },
      { value: [1] },
    ]);
    expect(readHistogram(histogram({ createdMs })).created_timestamp).toEqual(created_timestamp);
    // Beyond 32 bits of seconds, too.
    const far = readHistogram(histogram({ createdMs: 5e12 }));
    expect(far.created_timestamp).toEqual([{ seconds: [5e9], nanos: [0] }]);
  });

  it("drops an exemplar whose labels exceed 128 code points, as OpenMetrics does", () => {
    const labels = labelSet([["id", "x".repeat(127)]]);
    const exemplars = [{ labels, value: 1, timestampMs: 1 }];
    const message = readHistogram(histogram({ exemplars }));
    expect(message.bucket?.[0]).toEqual({ cumulative_count: [0], upper_bound: [1] });
  });

  it("keeps counts and deltas beyond 32 bits", () => {
    const count = 2 ** 53 - 1;
    const native = { ...emptyNative, indexes: [0, 1], counts: [count - 5, 5] };
    const message = readHistogram(histogram({ count, bucketCounts: [count, 0], native }));
    expect(message.sample_count).toEqual([count]);
    expect(message.positive_delta).toEqual([count - 5, 10 - count]);
  });

  it("brings back every label value and every double", () => {
    const property = fc.property(fc.string({ unit: "binary" }), fc.double(), (text, value) => {
      const points = [{ labels: labelSet([["a", text]]), value }];
      const families = encodeProtobuf([{ type: "gauge", name: "g", help: text, points }]);
      const metric = { label: [{ name: ["a"], value: [text] }], gauge: [{ value: [value] }] };
      expect(readMetricFamilies(families)).toEqual([
        { name: ["g"], help: [text], type: [1], metric: [metric] },
      ]);
    });
    fc.assert(property);
  });

  it("writes a family of any number of metrics as one delimited message", () => {
    for (const size of [1, 31, 32, 33, 64, 2_000]) {
      const points = Array.from({ length: size }, (_, value) => ({ labels: labelSet([]), value }));
      const chunks = [...encodeProtobuf([{ type: "gauge", name: "g", help: "", points }])];
      const families = readMetricFamilies(chunks);
      expect(families.length).toBe(1);
      expect(families[0]?.metric?.length).toBe(size);
    }
  });

  it("yields chunks of about 64 KiB, and pauses while it gathers the points of a family", () => {
    const labels = labelSet([["a", "x".repeat(100)]]);
    const points = Array.from({ length: 5_000 }, (_, value) => ({ labels, value }));
    const yielded = [...encodeProtobuf([{ type: "gauge", name: "g", help: "", points }])];
    const chunks = yielded.filter(({ length }) => length > 0);
    expect(yielded.length - chunks.length).toBe(Math.floor(5_000 / 256));
    for (const chunk of chunks.slice(0, -1)) expect(chunk.length).toBeGreaterThanOrEqual(65_536);
    for (const chunk of chunks) expect(chunk.length).toBeLessThan(131_072);
  });
});
