/** Spans that look like tool calls and are taken for none, on the wire. */
import * as Type from "typebox";
import { formatTimestamp } from "#formats/rfc3339.ts";
import type { UnmappedSpans } from "#otlp/store/unmapped-rows.ts";
import type { SpanShape } from "#otlp/unmapped-shapes.ts";

const seen = {
  spans: Type.Integer({ description: "Requests that were sent again count again" }),
  first_seen_at: Type.String({ format: "date-time" }),
  last_seen_at: Type.String({ format: "date-time" }),
};

export const UnmappedSchema = Type.Object(
  {
    shapes: Type.Array(
      Type.Object({
        instrumentation: Type.String({
          description: "Name of their instrumentation scope; … where that may be a secret",
        }),
        kind: Type.String(),
        attributes: Type.Array(Type.String(), {
          description:
            "Names, never values, that the first of them had: what looks like a tool's first. # stands for " +
            "digits, … for all that do not look like a convention's names, for those may be secrets",
        }),
        ...seen,
      }),
      { description: "Up to ten, those seen last first" },
    ),
    other: Type.Unsafe<{ spans: number; first_seen_at: string; last_seen_at: string } | null>({
      ...Type.Object(seen),
      type: ["object", "null"],
      description: "All that are of further shapes",
    }),
  },
  {
    description:
      "Spans that look like tool calls and were taken for none. Where they are some, name the attribute that " +
      'has the tool\'s name: `PATCH /v1/orgs/{org}` with `{"span_mapping": {"tool": ["acme.tool"]}}`. What has ' +
      "a call above or below it in its request is not among them. A shape leaves a week after it was last seen.",
  },
);

export function unmappedJson(rows: readonly UnmappedSpans[]): Type.Static<typeof UnmappedSchema> {
  const other = rows.find(({ example }) => example === null);
  return {
    shapes: rows.flatMap((row) => (row.example === null ? [] : [shapeJson(row.example, row)])),
    other: other === undefined ? null : seenJson(other),
  };
}

function shapeJson({ attributes, ...example }: SpanShape, row: UnmappedSpans) {
  return { ...example, attributes: [...attributes], ...seenJson(row) };
}

function seenJson({ spans, firstSeenMs, lastSeenMs }: UnmappedSpans) {
  return {
    spans,
    first_seen_at: formatTimestamp(firstSeenMs),
    last_seen_at: formatTimestamp(lastSeenMs),
  };
}
