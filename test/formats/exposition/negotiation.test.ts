import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acceptsGzip, negotiate } from "#formats/exposition/negotiation.ts";

const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROTOBUF =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

const PROMETHEUS_2_42 =
  "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const PROMETHEUS_2_42_NATIVE =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const PROMETHEUS_3 =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
const PROMETHEUS_3_NATIVE =
  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8;q=0.7,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
const PROMETHEUS_3_TEXT =
  "text/plain;version=1.0.0;escaping=underscores;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4";

describe("negotiate", () => {
  it.each([
    ["Prometheus 2.42", PROMETHEUS_2_42, OPEN_METRICS],
    ["Prometheus 2.42 with native histograms", PROMETHEUS_2_42_NATIVE, PROTOBUF],
    ["Prometheus 3", PROMETHEUS_3, `${OPEN_METRICS}; escaping=allow-utf-8`],
    [
      "Prometheus 3 with native histograms",
      PROMETHEUS_3_NATIVE,
      `${PROTOBUF}; escaping=allow-utf-8`,
    ],
    ["Prometheus 3 on text", PROMETHEUS_3_TEXT, `${TEXT}; escaping=underscores`],
    ["a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT],
    ["curl", "*/*", TEXT],
    ["a client that says nothing", null, TEXT],
  ])("answers %s", (_client, accept, contentType) => {
    expect(negotiate(accept).contentType).toBe(contentType);
  });

  it.each([
    ["", TEXT],
    [",, ,", TEXT],
    [";q=1", TEXT],
    ["application/json", TEXT],
    ["text/*", TEXT],
    ["TEXT/PLAIN", TEXT],
    ["text/plain;version=1.0.0", TEXT],
    ["text/plain;version=9", TEXT],
    ["application/openmetrics-text", OPEN_METRICS],
    ["application/openmetrics-text;version=0.0.1", OPEN_METRICS],
    ["application/openmetrics-text;version=2.0.0", OPEN_METRICS],
    ["Application/OpenMetrics-Text ; Version=1.0.0 ; Q=0.5 , */* ; q=0.4", OPEN_METRICS],
    ['application/openmetrics-text;version="1.0.0";x="a,b;q=0\\",text/plain"', OPEN_METRICS],
    ["application/openmetrics-text;unknown=x;q=0.9;flag,text/plain;q=0.8", OPEN_METRICS],
    [`${PROTOBUF};q=0.5,text/plain;q=0.6`, TEXT],
    [PROTOBUF, PROTOBUF],
    [PROTOBUF.replace("delimited", '"Delimited"'), PROTOBUF],
    [PROTOBUF.replace("delimited", "text"), TEXT],
    [PROTOBUF.replace("; encoding=delimited", ""), TEXT],
    ["application/vnd.google.protobuf;encoding=delimited", TEXT],
    ["application/vnd.google.protobuf;proto=other.Message;encoding=delimited", TEXT],
  ])("reads %j", (accept, contentType) => {
    expect(negotiate(accept).contentType).toBe(contentType);
  });

  it.each([
    ["application/openmetrics-text;q=0", TEXT],
    ["application/openmetrics-text;q=0.000,text/plain;q=0.001", TEXT],
    ["text/plain;q=0,application/openmetrics-text;q=0.1", OPEN_METRICS],
    ["text/plain;q=0.5,application/openmetrics-text", OPEN_METRICS],
    ["text/plain;q=1,application/openmetrics-text;q=1.000", TEXT],
    ["application/openmetrics-text;q=0.5,text/plain;q=0.5", OPEN_METRICS],
    ["text/plain;q=0.5,application/openmetrics-text;q=0.5", TEXT],
    ["text/plain;q=0.1,*/*,application/openmetrics-text;q=0.5", OPEN_METRICS],
    ["text/*;q=0.1,*/*,application/openmetrics-text;q=0.5", OPEN_METRICS],
    ["application/openmetrics-text;q=,text/plain;q=0.1", TEXT],
    ["application/openmetrics-text;q=2,text/plain;q=0.1", TEXT],
    ["application/openmetrics-text;q=-1,text/plain;q=0.1", TEXT],
    ["application/openmetrics-text;q=1e0,text/plain;q=0.1", TEXT],
    ["application/openmetrics-text;q=0.;q=1,text/plain;q=0.1", TEXT],
    ["application/openmetrics-text;q=0.9999,text/plain;q=0.9", OPEN_METRICS],
  ])("weighs %j", (accept, contentType) => {
    expect(negotiate(accept).contentType).toBe(contentType);
  });

  it.each([
    ["underscores", "; escaping=underscores"],
    ["allow-utf-8", "; escaping=allow-utf-8"],
    ["values", "; escaping=values"],
    // Under `dots` our underscores would have to be doubled.
    ["dots", "; escaping=underscores"],
    ["none-such", ""],
  ])("echoes escaping=%s as %j", (scheme, suffix) => {
    const accept = `application/openmetrics-text;escaping=${scheme}`;
    expect(negotiate(accept).contentType).toBe(`${OPEN_METRICS}${suffix}`);
  });

  it("takes for Prometheus 3 and later, which is told created timestamps, who names an escaping scheme", () => {
    const told = [PROMETHEUS_3, PROMETHEUS_3_NATIVE, `${OPEN_METRICS};escaping=underscores`];
    expect(told.map((accept) => negotiate(accept).hasCreated)).toEqual([true, true, true]);
    const others = [PROMETHEUS_2_42, PROMETHEUS_2_42_NATIVE, OPEN_METRICS, "*/*", null];
    expect(others.map((accept) => negotiate(accept).hasCreated)).toEqual(others.map(() => false));
  });

  it("echoes no escaping that another range than the chosen one asked for", () => {
    const accept = "text/plain;escaping=allow-utf-8;q=0.1,application/openmetrics-text";
    expect(negotiate(accept).contentType).toBe(OPEN_METRICS);
  });

  it("takes a header beyond its bound as none, and ranges beyond theirs as absent", () => {
    const padded = `application/openmetrics-text;x=${"a".repeat(4_096)}`;
    expect(negotiate(padded).format).toBe("text");
    const many = `${"image/png,".repeat(32)}application/openmetrics-text`;
    expect(negotiate(many).format).toBe("text");
  });

  it("answers every header with one of the three types", () => {
    const unit = fc.constantFrom(
      ...'*/;,="\\ q01.aT',
      "text/plain",
      "application/openmetrics-text",
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 200 }), (accept) => {
        expect([TEXT, OPEN_METRICS, PROTOBUF]).toContain(negotiate(accept).contentType);
      }),
    );
  });
});

describe("acceptsGzip", () => {
  it.each([
    [null, false],
    ["", false],
    ["gzip", true],
    ["GZIP", true],
    ["x-gzip", true],
    ["gzip;q=0", false],
    ["gzip;q=0.000", false],
    ["gzip; q=0.1", true],
    ["deflate, br", false],
    ["deflate, gzip;q=0.5", true],
    ["*", true],
    ["*;q=0", false],
    ["gzip;q=0, *", false],
    ["*;q=0, gzip", true],
    ["identity", false],
    ["identity;q=0", false],
    ["identity;q=0.5, gzip", true],
    ["identity, gzip;q=0.5", false],
    ["identity, gzip", true],
    ["gzip;q=x", false],
  ])("reads %j as %s", (acceptEncoding, accepted) => {
    expect(acceptsGzip(acceptEncoding)).toBe(accepted);
  });
});
