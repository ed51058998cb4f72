import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refuseDeploymentEndpoint, refuseEndpoint, signalUrl } from "#streams/endpoint.ts";

const PUBLIC = { allowsLoopback: false, ownHosts: ["mcpg.example.com"] };
const LOCAL = { allowsLoopback: true, ownHosts: ["127.0.0.1:8787"] };

describe("An org's endpoint", () => {
  it.each([
    "https://otel.example.com",
    "https://otel.example.com:4318",
    "https://otel.example.com:4318/base/path/",
    "https://OTEL.Example.COM/v1",
    "https://xn--bcher-kva.example/in",
    "https://local.example.com",
    "https://internal-otel.example.com",
    "https://1.2.3.4.example.com",
  ])("may be public: %s", (endpoint) => {
    expect(refuseEndpoint(endpoint, PUBLIC)).toBeNull();
    expect(refuseEndpoint(endpoint, LOCAL)).toBeNull();
  });

  it.each([
    // No TLS, or no web at all
    "http://otel.example.com",
    "ftp://otel.example.com",
    "file:///etc/passwd",
    "data:text/plain,x",
    "otel.example.com",
    "//otel.example.com",
    "https:otel.example.com",
    "https:///otel.example.com",
    "",
    // Addresses, in every form that URL knows
    "https://10.0.0.1",
    "https://192.168.1.1:4318",
    "https://172.16.0.1",
    "https://100.64.0.1",
    "https://169.254.169.254/latest/meta-data",
    "https://0.0.0.0",
    "https://0",
    "https://2130706433",
    "https://0x7f000001",
    "https://0x7f.1",
    "https://017700000001",
    "https://0177.0.0.1",
    "https://127.1",
    "https://127.0.0.1.",
    "https://１２７.０.０.１",
    "https://①②⑦.0.0.1",
    "https://8.8.8.8",
    "https://[::1]",
    "https://[::]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:7f00:1]",
    "https://[64:ff9b::7f00:1]",
    "https://[fe80::1]",
    "https://[fd00:ec2::254]",
    "https://[2606:4700::1111]",
    // Names of the inside
    "https://localhost",
    "https://LOCALHOST:4318",
    "https://a.localhost",
    "https://localhost.",
    "https://otel",
    "https://otel.local",
    "https://metadata.google.internal",
    "https://metadata.google.internal.",
    "https://router.lan",
    "https://router.home.arpa",
    "https://otel.svc.cluster.local",
    "https://otel.corp",
    "https://x.onion",
    "https://otel.example.com.",
    // What hides where it goes
    "https://user@otel.example.com",
    "https://user:secret@otel.example.com",
    "https://otel.example.com@127.0.0.1",
    "https://127.0.0.1\\@otel.example.com",
    "https://otel.example.com\\@127.0.0.1",
    "https://otel.example.com?x=1",
    "https://otel.example.com/?",
    "https://otel.example.com/#",
    "https://otel.exa\tmple.com",
    "https://otel.example.com/\r\nhost: x",
    " https://otel.example.com",
    "https://otel.example.com ",
    "https://otel.example.com/\u0000",
    `https://otel.example.com/${"x".repeat(2_048)}`,
    // This service
    "https://mcpg.example.com/v1/orgs/acme/otlp",
    "https://MCPG.example.com:443/",
  ])("may not be %j", (endpoint) => {
    const refusal = refuseEndpoint(endpoint, PUBLIC);
    expect(refusal).toBeTypeOf("string");
    expect(refusal).not.toContain("secret");
  });

  it.each([
    "https://otel.example.com:4317",
    "http://127.0.0.1:4317",
    "https://otel.example.com:04317/",
    "grpc://otel.example.com:4317",
    "otel.example.com:4317",
    "https://user:secret@otel.example.com:4317/v1/traces",
  ])("on gRPC's port is refused with what to use instead: %s", (endpoint) => {
    for (const refusal of [
      refuseEndpoint(endpoint, LOCAL),
      refuseEndpoint(endpoint, PUBLIC),
      refuseDeploymentEndpoint(endpoint),
    ]) {
      expect(refusal).toContain("gRPC");
      expect(refusal).toContain("4318");
    }
  });

  it.each(["http://127.0.0.1:4318", "http://localhost:4318/x", "https://[::1]", "http://127.1:9"])(
    "may be loopback on a developer's machine alone: %s",
    (endpoint) => {
      expect(refuseEndpoint(endpoint, LOCAL)).toBeNull();
      expect(refuseEndpoint(endpoint, PUBLIC)).toBeTypeOf("string");
    },
  );

  it("is no other private address on a developer's machine either, nor the service itself", () => {
    for (const endpoint of ["http://192.168.1.1", "http://otel", "http://127.0.0.1:8787/x"]) {
      expect(refuseEndpoint(endpoint, LOCAL)).toBeTypeOf("string");
    }
  });

  it("is never an IPv4 address, whichever way it is written", () => {
    const part = fc
      .nat(255)
      .chain((value) =>
        fc.constantFrom(String(value), `0x${value.toString(16)}`, `0${value.toString(8)}`),
      );
    const dotted = fc.tuple(part, part, part, part).map((parts) => parts.join("."));
    const whole = fc
      .nat(2 ** 32 - 1)
      .chain((value) => fc.constantFrom(String(value), `0x${value.toString(16)}`));
    fc.assert(
      fc.property(fc.oneof(dotted, whole), fc.constantFrom("", ".", ":443", "/x"), (host, end) => {
        expect(refuseEndpoint(`https://${host}${end}`, PUBLIC)).toBeTypeOf("string");
      }),
    );
  });

  it("is, where it is taken, one that URL reads as it was checked", () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (endpoint) => {
        if (refuseEndpoint(endpoint, PUBLIC) !== null) return;
        const url = new URL(endpoint);
        expect([url.protocol, url.search, url.hash, url.username]).toEqual(["https:", "", "", ""]);
        expect(new URL(signalUrl(endpoint, "metrics")).host).toBe(url.host);
      }),
    );
  });
});

describe("The deployment's endpoint", () => {
  it("may be anywhere that a Worker can speak to", () => {
    expect(refuseDeploymentEndpoint("http://10.0.0.1:4318/otlp")).toBeNull();
    for (const endpoint of ["grpc://x", "https://a:b@x.example.com", "https://x.example.com?y"]) {
      expect(refuseDeploymentEndpoint(endpoint)).toBeTypeOf("string");
    }
  });
});

it("A signal's path is added to the base, however that ends", () => {
  for (const base of [
    "https://x.example/otlp",
    "https://x.example/otlp/",
    "https://x.example/otlp//",
  ]) {
    expect(signalUrl(base, "traces")).toBe("https://x.example/otlp/v1/traces");
  }
});
