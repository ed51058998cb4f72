/** Reports in which the middle one of three samples is bad: its neighbours must not pay for it. */
import { randomFillSync } from "node:crypto";
import { uuid7FromRandom } from "#formats/uuid7.ts";
import { deep, wrong } from "./malformed-values.ts";

/** Sent as an error's message, which no answer may repeat. */
export const SECRET = "card 4111-1111-SECRET-7f3a";
const HOUR_MS = 3_600_000;

export interface BadSample {
  name: string;
  /** JSON text. */
  sample: string;
  codes: readonly string[];
}

export function newId(timeMs = Date.now()): string {
  return uuid7FromRandom(timeMs, randomFillSync(new Uint8Array(10)));
}

/** JSON text of a valid sample; `fields` are JSON texts too, an empty one leaves the field out. */
export function sampleText(fields: Record<string, string> = {}, id = newId()): string {
  const all: Record<string, string> = {
    id: JSON.stringify(id),
    workspace: '"prod"',
    plugin: '"github"',
    tool: '"list"',
    started_at: String(Date.now()),
    duration_ms: "1.5",
    outcome: '"server_error"',
    error_message: JSON.stringify(SECRET),
    ...fields,
  };
  const members = Object.entries(all).filter(([, value]) => value !== "");
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`;
}

export function reportText(samples: readonly string[]): string {
  return `{"instance_id":"gw-1","invocations":[${samples.join()}]}`;
}

/** The code that a field's failures go by: `invalid_duration` for `duration_ms`. */
function codeOf(field: string): string {
  return `invalid_${field.replace(/_ms$/, "")}`;
}

const FIELDS: Record<string, readonly string[]> = {
  workspace: wrong.name,
  plugin: wrong.name,
  tool: wrong.name,
  started_at: wrong.time,
  duration_ms: wrong.duration,
  outcome: wrong.outcome,
  id: wrong.id,
  error_code: wrong.text,
  error_message: wrong.message,
  error_hash: wrong.errorHash,
  actor: wrong.text,
  session_id: wrong.text,
  request_id: wrong.text,
  trace_id: wrong.traceId,
  span_id: wrong.spanId,
  request_bytes: wrong.integer,
  response_bytes: wrong.integer,
};

const REQUIRED = ["workspace", "plugin", "tool", "started_at", "duration_ms", "outcome"];
const UNKNOWN = ["extra", "Tool", "__proto__", "constructor", "toString", "instance_id", ""];

export function makeBadSamples(): BadSample[] {
  return [...wrongValues(), ...wrongShapes(), ...wrongTimes()];
}

function wrongValues(): BadSample[] {
  return Object.entries(FIELDS).flatMap(([field, texts]) =>
    [...texts, deep.arrays, deep.objects].map((value) => ({
      name: `${field}: ${value.slice(0, 40)}`,
      sample: sampleText({ [field]: value }),
      codes: [codeOf(field)],
    })),
  );
}

function wrongShapes(): BadSample[] {
  const notObjects = ["null", "1", '"x"', "true", "[]", "[{}]", "1e999", deep.arrays];
  const unknown = UNKNOWN.map((field) => ({
    name: `unknown field ${JSON.stringify(field)}`,
    sample: sampleText().replace(/\}$/, `,${JSON.stringify(field)}:{"a":1}}`),
    codes: ["unknown_field"],
  }));
  const missing = REQUIRED.map((field) => ({
    name: `without ${field}`,
    sample: sampleText({ [field]: "" }),
    codes: ["missing_field"],
  }));
  const inherited = {
    name: "required fields in __proto__",
    sample: `{"__proto__":${sampleText()}}`,
    codes: ["missing_field"],
  };
  const shapes = notObjects.map((sample) => ({
    name: `a sample that is ${sample.slice(0, 20)}`,
    sample,
    codes: ["invalid_sample"],
  }));
  const empty = { name: "an empty sample", sample: "{}", codes: ["missing_field"] };
  return [...shapes, empty, ...unknown, ...missing, inherited];
}

function wrongTimes(): BadSample[] {
  const nowMs = Date.now();
  const at = (name: string, startedAtMs: number, code: string): BadSample => {
    const started_at = String(Math.round(startedAtMs));
    return { name, sample: sampleText({ started_at, id: "" }), codes: [code] };
  };
  const withId = (name: string, idMs: number): BadSample => {
    const sample = sampleText({ started_at: String(nowMs) }, newId(idMs));
    return { name, sample, codes: ["id_time_mismatch"] };
  };
  return [
    at("a millisecond over a day old", nowMs - 24 * HOUR_MS - 1, "too_old"),
    at("the epoch", 0, "too_old"),
    at("seconds for milliseconds", nowMs / 1e3, "too_old"),
    at("a day ahead", nowMs + 24 * HOUR_MS, "too_new"),
    at("ten minutes ahead", nowMs + HOUR_MS / 6, "too_new"),
    withId("an id of over an hour before", nowMs - HOUR_MS - 1),
    withId("an id of over an hour after", nowMs + HOUR_MS + 1),
    withId("an id of the year 10889", 2 ** 48 - 1),
    withId("an id of 1970", 0),
  ];
}
