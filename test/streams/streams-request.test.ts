import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { streamsJson } from "#streams/http/streams-body.ts";
import {
  DEFAULT_OBSERVABILITY,
  effectiveStreams,
  type Observability,
  type OwnDestination,
  type OwnStreams,
} from "#streams/observability.ts";
import { streamsChange } from "#streams/streams-change.ts";
import { keepHeaders, leaveDefaults } from "#streams/streams-kept.ts";
import { destinationPointer, parseStreams } from "#streams/streams-request.ts";
import { streamsBody } from "#streams/streams-schema.ts";

const destinationsOf = ({ metrics, traces, audit }: Observability) => [
  metrics.otlp,
  traces.otlp,
  audit.forward,
];
const TERMS = { refuseEndpoint: () => null, pointerOf: destinationPointer };

const host = fc.constantFrom("https://a.example.com", "https://b.example.com/x");
const headers = fc.dictionary(
  fc.constantFrom("authorization", "api-key", "x-scope-orgid"),
  fc.constantFrom("one", "two"),
  // A plain object, as JSON gives it.
  { noNullPrototype: true },
);
const destination: fc.Arbitrary<OwnDestination> = fc.record({ endpoint: host, headers });
const rated: fc.Arbitrary<OwnDestination> = fc.record(
  { endpoint: host, headers, sampleRate: fc.constantFrom(0, 0.1, 1) },
  { requiredKeys: ["endpoint", "headers"] },
);
const streamTo = (to: fc.Arbitrary<OwnDestination>) =>
  fc.record({ enabled: fc.boolean(), to: fc.oneof(to, fc.constantFrom("default" as const, null)) });
const own: fc.Arbitrary<OwnStreams> = fc.record(
  { metrics: streamTo(destination), traces: streamTo(rated), audit: streamTo(destination) },
  { requiredKeys: [] },
);

/** As PUT does, but for sealing. */
function put(body: unknown, stored: OwnStreams, deployment: typeof DEFAULT_OBSERVABILITY) {
  if (!streamsBody.Check(body)) throw new Error("not the schema's");
  const requested = leaveDefaults(
    parseStreams(body, TERMS),
    stored,
    deployment,
    destinationPointer,
  );
  return keepHeaders(requested.own, requested.kept, stored);
}

describe("Streams' settings", () => {
  it("are the same after an answer is put back, whoever set what", () => {
    fc.assert(
      fc.property(own, own, own, (stored, deploymentOwn, laterOwn) => {
        const deployment = effectiveStreams(deploymentOwn, DEFAULT_OBSERVABILITY);
        const later = effectiveStreams(laterOwn, DEFAULT_OBSERVABILITY);
        const before = effectiveStreams(stored, deployment);
        const body = JSON.parse(JSON.stringify(streamsJson({ streams: before, own: stored })));
        const { own: after, errors } = put(body, stored, deployment);
        expect(errors).toEqual([]);
        expect(effectiveStreams(after, deployment)).toEqual(before);
        // What was left to the deployment is still, and what was not is not.
        expect(destinationsOf(effectiveStreams(after, later))).toEqual(
          destinationsOf(effectiveStreams(stored, later)),
        );
        expect(streamsChange(before, effectiveStreams(after, deployment))).toEqual({});
      }),
    );
  });

  it("never hold a secret of the deployment's, nor send a stored one to another host", () => {
    const secret = (value: string) => ({
      endpoint: "https://a.example.com",
      headers: { k: value },
    });
    const deployment = effectiveStreams(
      { metrics: { enabled: true, to: secret("of-the-deployment") } },
      DEFAULT_OBSERVABILITY,
    );
    const asked = fc.record({ endpoint: host, headers: fc.constant({ k: null }) });
    fc.assert(
      fc.property(asked, fc.option(fc.constant(secret("of-the-org"))), (otlp, mine) => {
        const stored: OwnStreams = mine === null ? {} : { metrics: { enabled: true, to: mine } };
        const { own: after } = put({ metrics: { enabled: false, otlp } }, stored, deployment);
        expect(JSON.stringify(after)).not.toContain("of-the-deployment");
        const isElsewhere = !otlp.endpoint.startsWith("https://a.example.com");
        if (isElsewhere) expect(JSON.stringify(after)).not.toContain("of-the-org");
      }),
    );
  });

  it("are told of without any header value and any endpoint's path", () => {
    fc.assert(
      fc.property(own, own, (from, to) => {
        const [before, after] = [from, to].map((one) =>
          effectiveStreams(one, DEFAULT_OBSERVABILITY),
        );
        const details = JSON.stringify(streamsChange(before!, after!));
        expect(details).not.toMatch(/one|two|\.com\/x/);
      }),
    );
  });
});
