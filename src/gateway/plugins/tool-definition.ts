/**
 * A tool as its server's list defines it, pinned by a hash: SHA-256 of the canonical JSON (RFC 8785) of what a
 * model and a policy go by. Lists come from strangers: nothing in one is an error, and no tool of it costs another.
 */
import { encodeHex } from "#formats/hex.ts";
import { type JcsRefusal, jcs } from "#formats/jcs.ts";
import { sha256 } from "#formats/sha256.ts";
import { utf8Bytes } from "#platform/d1/json-parameter.ts";
import { inSlices } from "#platform/slices.ts";
import { refuseToolName } from "./place-names.ts";

/** Left out are `icons`, whose URLs change with each signature, `execution`, and `_meta`, which is anybody's. */
const DEFINING = [
  "name",
  "title",
  "description",
  "inputSchema",
  "outputSchema",
  "annotations",
] as const;

/**
 * Tools a plugin. Clients hand a model each of them in each of its turns: those that are known to work have
 * some hundreds.
 */
export const TOOLS_MAX = 1_000;
/** Of all definitions together: 1 KiB a tool, where those of the reference servers have half of it. */
export const DEFINITION_BYTES_MAX = 1_048_576;
/** Of one: as text within JSON it is twice as long at worst, and a parameter of D1's has 2 MB at most. */
const TOOL_BYTES_MAX = 262_144;
/** Far above any schema's; a deeper one would overflow whoever walks it. */
const DEPTH_MAX = 64;

/**
 * Why a definition cannot be pinned: such a tool has a name and nothing else, and cannot be accepted. It is not left
 * out, or whoever swells a definition would have it called unseen.
 */
export type DefinitionFault = JcsRefusal | "named_twice" | "no_room";
/** Why a tool of a list is not among those that are known. */
export type ListFault = "not_a_tool" | "bad_name" | "too_many_tools";

export interface PinnedTool {
  readonly name: string;
  /** Hex. */
  readonly hash: string;
  /** Canonical JSON. */
  readonly definition: string;
  readonly bytes: number;
  readonly fault: DefinitionFault | null;
}

export interface PinnedList {
  /** By name, as many as there may be. */
  readonly tools: ReadonlyMap<string, PinnedTool>;
  /** How many tools were left out, by why. */
  readonly faults: Readonly<Partial<Record<ListFault, number>>>;
}

/** In slices: 1 MiB takes 10 to 20 ms to be written and hashed. */
export async function pinList(listed: readonly unknown[]): Promise<PinnedList> {
  const tools = new Map<string, PinnedTool>();
  const faults: Partial<Record<ListFault, number>> = {};
  let bytes = 0;
  let cost = 0;
  const leaveOut = (fault: ListFault) => {
    faults[fault] = (faults[fault] ?? 0) + 1;
  };
  await inSlices(
    listed,
    () => cost,
    (one) => {
      cost = 1;
      const name = nameOf(one);
      if (typeof name !== "string") return leaveOut(name.fault);
      const twice = tools.get(name);
      if (twice !== undefined) {
        // Which of the two a client takes is its own affair: neither can be vouched for.
        const tool = unreadable(name, "named_twice");
        bytes += tool.bytes - twice.bytes;
        tools.set(name, tool);
        return undefined;
      }
      if (tools.size >= TOOLS_MAX) return leaveOut("too_many_tools");
      const bytesMax = Math.min(TOOL_BYTES_MAX, DEFINITION_BYTES_MAX - bytes);
      const { tool, written } = pinTool(name, one as Readonly<Record<string, unknown>>, bytesMax);
      cost = written / BYTES_A_US;
      bytes += tool.bytes;
      tools.set(name, tool);
      return undefined;
    },
  );
  return { tools, faults };
}

const BYTES_A_US = 50;

function nameOf(one: unknown): string | { fault: ListFault } {
  if (typeof one !== "object" || one === null || !("name" in one)) return { fault: "not_a_tool" };
  const { name } = one;
  if (typeof name !== "string") return { fault: "not_a_tool" };
  return refuseToolName(name) === null ? name : { fault: "bad_name" };
}

/** What has no room is not hashed: it may be many times what has. `written`: characters. */
function pinTool(
  name: string,
  tool: Readonly<Record<string, unknown>>,
  bytesMax: number,
): { tool: PinnedTool; written: number } {
  const defining = DEFINING.filter((member) => Object.hasOwn(tool, member));
  const written = jcs(
    Object.fromEntries(defining.map((member) => [member, tool[member]])),
    DEPTH_MAX,
  );
  if ("refusal" in written) return { tool: unreadable(name, written.refusal), written: 0 };
  const { text } = written;
  const fits = utf8Bytes(text) <= bytesMax;
  const pin = fits ? pinned(name, text, null) : unreadable(name, "no_room");
  return { tool: pin, written: text.length };
}

/** One hash for whatever could not be read, which no readable definition has: it has no such member. */
export function unreadable(name: string, fault: DefinitionFault): PinnedTool {
  const text = `{"fault":${JSON.stringify(fault)},"name":${JSON.stringify(name)}}`;
  const { hash } = pinned(name, text, fault);
  return { ...pinned(name, `{"name":${JSON.stringify(name)}}`, fault), hash };
}

function pinned(name: string, definition: string, fault: DefinitionFault | null): PinnedTool {
  const hash = encodeHex(sha256(new TextEncoder().encode(definition)));
  return { name, hash, definition, bytes: utf8Bytes(definition), fault };
}

/** What two whole lists are the same by, in whatever order their tools come. */
export function wholeHash({ tools, faults }: PinnedList): string {
  const pins = [...tools.values()].map(({ name, hash }) => [name, hash]);
  pins.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  const text = JSON.stringify([pins, Object.entries(faults).sort()]);
  return encodeHex(sha256(new TextEncoder().encode(text)));
}
