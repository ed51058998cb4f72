/** The policies of a text, one by one, as far as they can be known without a schema. */
import type { DetailedError, PolicyJson } from "@cedar-policy/cedar-wasm";
import type { TextFault, ToolReach } from "#gateway/policy/engine-protocol.ts";
import { refusePatterns } from "#gateway/policy/pattern-cost.ts";
import type { Stepwise } from "#platform/slices.ts";
import type { CedarInstance } from "./cedar.ts";
import { hasInexactNumber, readsInput } from "./policy-expression.ts";
import {
  POLICY_DEPTH_MAX,
  POLICY_TOKENS_MAX,
  type PolicyRange,
  policyRanges,
} from "./policy-text.ts";
import { reachOf } from "./tool-reach.ts";

export interface PolicyOutline {
  readonly id: string;
  readonly source: string;
  readonly json: PolicyJson;
  readonly reason: string | null;
  readonly readsInput: boolean;
  readonly reach: ToolReach;
  /** In the UTF-8 bytes of the text. */
  readonly startByte: number;
}

/** 500 decide within 1.2 ms and are parsed within 125 (reference/mcp.md, and the bench `policy`). */
export const POLICIES_MAX = 500;

/** As many as that of 262 bytes each. */
export const POLICY_BYTES_MAX = 131_072;

export type Outlined = readonly PolicyOutline[] | { readonly faults: readonly TextFault[] };

/** As 30 policies have, of 0.3 to 0.9 ms each: others go first in between (platform/slices.ts). */
const CHARACTERS_A_STEP = 8_192;

/** In parts that take about as long as such a step. */
export function partsOf(
  outlines: readonly PolicyOutline[],
  policiesMax: number,
): PolicyOutline[][] {
  const parts: PolicyOutline[][] = [];
  let [part, characters]: [PolicyOutline[], number] = [[], 0];
  for (const outline of outlines) {
    if (part.length === policiesMax || characters >= CHARACTERS_A_STEP) {
      parts.push(part);
      [part, characters] = [[], 0];
    }
    part.push(outline);
    characters += outline.source.length;
  }
  return part.length === 0 ? parts : [...parts, part];
}

export function* outlinePolicies(cedar: CedarInstance, text: string): Stepwise<Outlined> {
  const ranges = policyRanges(text);
  const bytes = byteOffsets(text, ranges);
  const refusal = refusedUnparsed(text, ranges, bytes);
  if (refusal !== null) return { faults: [refusal] };
  const parts = cedar.call(({ policySetTextToParts }) => policySetTextToParts(text));
  if (parts.type === "failure") return { faults: parts.errors.map((one) => faultOf(one, null, 0)) };
  if (parts.policy_templates.length > 0) {
    return { faults: [plainFault("templates (?principal, ?resource) are not taken", null, 0)] };
  }
  const outlined: ReturnType<typeof outlineOf>[] = [];
  yield;
  let characters = 0;
  for (const [index, { start, end }] of ranges.entries()) {
    outlined.push(outlineOf(cedar, text.slice(start, end), bytes[index]!, index));
    characters += end - start;
    if (characters < CHARACTERS_A_STEP) continue;
    yield;
    characters = 0;
  }
  const faults = [
    ...outlined.flatMap((one) => ("faults" in one ? one.faults : [])),
    ...repeatedIds(outlined),
  ];
  if (faults.length > 0) return { faults };
  return outlined.filter((one): one is PolicyOutline => !("faults" in one));
}

function refusedUnparsed(
  text: string,
  ranges: readonly PolicyRange[],
  bytes: readonly number[],
): TextFault | null {
  if (!text.isWellFormed() || text.includes("\0")) {
    return plainFault("holds a character that is not allowed", null, 0);
  }
  if (new TextEncoder().encode(text).length > POLICY_BYTES_MAX) {
    return plainFault(`may have ${POLICY_BYTES_MAX} bytes in UTF-8`, null, 0);
  }
  if (ranges.length > POLICIES_MAX) {
    return plainFault(`may have ${POLICIES_MAX} policies`, null, 0);
  }
  const patterns = refusePatterns(text);
  if (patterns !== null) return plainFault(patterns, null, 0);
  const long = ranges.findIndex(({ tokens }) => tokens > POLICY_TOKENS_MAX);
  if (long !== -1) {
    const message = `may have ${POLICY_TOKENS_MAX} words and signs: make several policies of it`;
    return plainFault(message, `policy${long}`, bytes[long]!);
  }
  const deep = ranges.findIndex(({ depth }) => depth > POLICY_DEPTH_MAX);
  if (deep === -1) return null;
  const message = "is nested too deep, or joins too many conditions";
  const help = "make two policies of it, or compare with a set";
  return { ...plainFault(message, `policy${deep}`, bytes[deep]!), help };
}

function outlineOf(
  cedar: CedarInstance,
  source: string,
  startByte: number,
  index: number,
): PolicyOutline | { faults: TextFault[]; id: string } {
  const named = `policy${index}`;
  const answer = cedar.call(({ policyToJson }) => policyToJson(source));
  if (answer.type === "failure") {
    return { id: named, faults: answer.errors.map((one) => faultOf(one, named, startByte)) };
  }
  const { json } = answer;
  const { id = named, reason = null } = json.annotations ?? {};
  const faults = [...annotationFaults(json), ...integerFaults(json)].map((message) =>
    plainFault(message, named, startByte),
  );
  if (faults.length > 0) return { id: named, faults };
  const reads = readsInput(json.conditions);
  return { id, source, json, reason, readsInput: reads, reach: reachOf(json), startByte };
}

const TEXT = /^[^\p{Cc}\p{Cs}]{1,256}$/u;

interface Annotation {
  readonly form: RegExp;
  readonly rule: string;
}

const NOTE: Annotation = { form: TEXT, rule: "takes 1 to 256 characters" };
const ANNOTATIONS: ReadonlyMap<string, Annotation> = new Map([
  [
    "id",
    {
      form: /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$/,
      rule: "takes 1 to 64 of A-Z a-z 0-9 _ . : -, a letter or digit first",
    },
  ],
  ...["reason", "description", "title", "owner", "link"].map((name) => [name, NOTE] as const),
]);

/** What an annotation asks for must not be passed over in silence. */
function annotationFaults({ annotations = {} }: PolicyJson): string[] {
  return Object.entries(annotations).flatMap(([name, value]) => {
    const known = ANNOTATIONS.get(name);
    if (known === undefined) return [unknownAnnotation(name)];
    return known.form.test(value) ? [] : [`@${name} ${known.rule}`];
  });
}

function unknownAnnotation(name: string): string {
  const names = [...ANNOTATIONS.keys()].join(", ");
  return `@${name} is not known: ${names} are. Obligations, shadow policies and approvals are not there yet`;
}

/** Cedar's JSON comes in doubles: what is approximated would compare with another number than the text. */
function integerFaults({ conditions }: PolicyJson): string[] {
  return hasInexactNumber(conditions) ? ["compares with an integer beyond 2^53 - 1"] : [];
}

function repeatedIds(
  outlined: readonly { readonly id: string; startByte?: number }[],
): TextFault[] {
  const seen = new Set<string>();
  return outlined.flatMap(({ id, startByte = 0 }) => {
    if (seen.has(id)) return [plainFault("has an id that another policy has", id, startByte)];
    seen.add(id);
    return [];
  });
}

/** Of where each range begins. */
function byteOffsets(text: string, ranges: readonly PolicyRange[]): number[] {
  const encoder = new TextEncoder();
  let [bytes, at] = [0, 0];
  return ranges.map(({ start }) => {
    bytes += encoder.encode(text.slice(at, start)).length;
    at = start;
    return bytes;
  });
}

/** `startByte` is where the text that Cedar was given begins in the org's. */
export function faultOf(error: DetailedError, policy: string | null, startByte: number): TextFault {
  const [location] = error.sourceLocations ?? [];
  return {
    message: error.message,
    help: error.help,
    policy,
    start: location === undefined ? null : location.start + startByte,
    end: location === undefined ? null : location.end + startByte,
  };
}

export function plainFault(message: string, policy: string | null, start: number): TextFault {
  return { message, help: null, policy, start, end: start };
}
