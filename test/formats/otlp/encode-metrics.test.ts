import { fromBinary, fromJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { BucketCounts, bucketIndex } from "#formats/exponential-histogram.ts";
import { encodeMetrics } from "#formats/otlp/encode-metrics.ts";
import { denseBuckets, type Metric } from "#formats/otlp/metrics-model.ts";
import { MetricsDataSchema } from "./gen/opentelemetry/proto/metrics/v1/metrics_pb.ts";

const start = { ms: 1_795_333_200_000, nanos: 0 };
const time = { ms: 1_795_333_292_123, nanos: 456_789 };
const labels = [
  ["plugin", "github"],
  ["tool", "list_repos"],
] as const;

/** Metrics and the request that holds them, read back by the generated codec: the same in both encodings. */
function readBack(metrics: Metric[]) {
  const request = [
    {
      resource: [["service.name", "mcpg"]] as const,
      scope: { name: "mcpg", version: "1" },
      metrics,
    },
  ];
  const message = fromBinary(MetricsDataSchema, encodeMetrics(request, "protobuf"));
  const json = JSON.parse(new TextDecoder().decode(encodeMetrics(request, "json")));
  expect(fromJson(MetricsDataSchema, json)).toEqual(message);
  return message.resourceMetrics[0]!;
}

function histogramOf(durationsUs: readonly number[]) {
  const counts = new BucketCounts();
  for (const durationUs of durationsUs) counts.add(bucketIndex(durationUs), 1);
  const sumSeconds = durationsUs.reduce((sum, durationUs) => sum + durationUs / 1e6, 0);
  return { count: counts.total, sumSeconds, buckets: counts.sparse() };
}

const name = { name: "mcpg.tool.calls", description: "Total tool invocations", unit: "{call}" };

describe("encodeMetrics", () => {
  it("names resource, scope and metric", () => {
    const read = readBack([{ ...name, type: "gauge", points: [] }]);
    expect(read.resource?.attributes).toMatchObject([
      { key: "service.name", value: { value: { case: "stringValue", value: "mcpg" } } },
    ]);
    expect(read.scopeMetrics[0]?.scope).toMatchObject({ name: "mcpg", version: "1" });
    expect(read.scopeMetrics[0]?.metrics[0]).toMatchObject(name);
  });

  it("writes a counter as a monotonic cumulative sum of integers since its start", () => {
    const points = [{ attributes: labels, start, time, value: 2 ** 53 - 1 }];
    const { data } = readBack([{ ...name, type: "sum", points }]).scopeMetrics[0]!.metrics[0]!;
    expect(data.case).toBe("sum");
    expect(data.value).toMatchObject({
      isMonotonic: true,
      aggregationTemporality: 2,
      dataPoints: [
        {
          startTimeUnixNano: 1_795_333_200_000_000_000n,
          timeUnixNano: 1_795_333_292_123_456_789n,
          value: { case: "asInt", value: 2n ** 53n - 1n },
          attributes: [{ key: "plugin" }, { key: "tool" }],
        },
      ],
    });
  });

  it("writes a gauge as doubles, zero and NaN too", () => {
    const points = [0, 3, Number.NaN].map((value) => ({
      attributes: [],
      start: null,
      time,
      value,
    }));
    const { data } = readBack([{ ...name, type: "gauge", points }]).scopeMetrics[0]!.metrics[0]!;
    if (data.case !== "gauge") throw new Error(`not a gauge: ${data.case}`);
    expect(data.value.dataPoints.map(({ value }) => value)).toEqual([
      { case: "asDouble", value: 0 },
      { case: "asDouble", value: 3 },
      { case: "asDouble", value: Number.NaN },
    ]);
    expect(data.value.dataPoints[0]?.startTimeUnixNano).toBe(0n);
  });

  it("writes a histogram at scale 4 whose every value lies in its bucket", () => {
    const durationsUs = [0, 1, 999, 84_200, 84_201, 1_000_000, 60_000_000, 86_400_000_000];
    const histogram = histogramOf(durationsUs);
    const point = { attributes: labels, start, time, ...histogram, maxSeconds: 86_400 };
    const { data } = readBack([{ ...name, type: "exponentialHistogram", points: [point] }])
      .scopeMetrics[0]!.metrics[0]!;
    if (data.case !== "exponentialHistogram") throw new Error(`not a histogram: ${data.case}`);
    const read = data.value.dataPoints[0]!;
    expect(data.value.aggregationTemporality).toBe(2);
    expect(read).toMatchObject({ scale: 4, count: 8n, sum: histogram.sumSeconds, max: 86_400 });
    expect(read).toMatchObject({ zeroThreshold: 2 ** -20 });
    const { offset, bucketCounts } = read.positive!;
    for (const durationUs of durationsUs.filter((us) => us > 0)) {
      // metrics.proto: bucket i holds (base^i, base^(i+1)], base = 2^(2^-scale).
      const bucket = Math.ceil(Math.log2(durationUs / 1e6) * 16) - 1;
      const count = bucketCounts[bucket - offset] ?? 0n;
      expect(count, `${durationUs} µs`).toBeGreaterThan(0n);
    }
    const counted = bucketCounts.reduce((sum, count) => sum + count, read.zeroCount);
    expect(counted).toBe(8n);
    expect(read.zeroCount).toBe(1n);
  });

  it("writes an empty histogram, and counts beyond 32 bits", () => {
    const buckets = { indexes: [3], counts: [2 ** 40], zeroCount: 2 ** 33 };
    const base = { attributes: [], start, time, sumSeconds: 1 };
    const points = [
      { ...base, count: 0, buckets: { indexes: [], counts: [], zeroCount: 0 } },
      { ...base, count: 2 ** 40 + 2 ** 33, buckets },
    ];
    const metric = { ...name, type: "exponentialHistogram", points } as const;
    const { data } = readBack([metric]).scopeMetrics[0]!.metrics[0]!;
    if (data.case !== "exponentialHistogram") throw new Error(`not a histogram: ${data.case}`);
    expect(data.value.dataPoints[1]).toMatchObject({
      count: 2n ** 40n + 2n ** 33n,
      zeroCount: 2n ** 33n,
      positive: { offset: 2, bucketCounts: [2n ** 40n] },
    });
  });
});

describe("denseBuckets", () => {
  it("spells out the gaps, numbered one below Prometheus' buckets", () => {
    const sparse = { indexes: [-3, 0, 1], counts: [5, 6, 7], zeroCount: 9 };
    expect(denseBuckets(sparse)).toEqual({ offset: -4, bucketCounts: [5, 0, 0, 6, 7] });
  });
});
