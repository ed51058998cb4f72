/** The sets that an isolate of the engine knows, and which of their policies a request has to be held against. */
import type { Policy } from "@cedar-policy/cedar-wasm";
import type { EngineRequest, Reading } from "#gateway/policy/engine-protocol.ts";
import { atOnce } from "#platform/slices.ts";
import { approximated } from "./approximation.ts";
import type { CedarInstance } from "./cedar.ts";
import { lookalikeForm } from "./lookalike.ts";
import { collectEntityIds, readsResource } from "./policy-expression.ts";
import { outlinePolicies, type PolicyOutline } from "./policy-outline.ts";
import { PreparedSets } from "./prepared-sets.ts";
import { reaches } from "./tool-reach.ts";

export interface KnownSet {
  readonly hash: string;
  readonly outlines: ReadonlyMap<string, PolicyOutline>;
  /** Ids of tools that the policies name, by what they look like. */
  readonly namedTools: ReadonlyMap<string, ReadonlySet<string>>;
  /** What policies name in so many words. */
  readonly namedIds: ReadonlySet<string>;
  /** Some condition asks for what the resource or the action is: no two are alike to it. */
  readonly readsResource: boolean;
  /** By plugin and reading: what Cedar's copy is kept under. */
  readonly shards: Map<string, Shard>;
}

interface Shard {
  readonly key: string;
  readonly outlines: readonly PolicyOutline[];
}

/** Of 500 policies, whose JSON takes a megabyte, 16 are. */
const KNOWN_POLICIES_MAX = 8_000;
const KNOWN_SETS_MAX = 64;
/** Plugins with two readings each, and some. */
const SHARDS_MAX = 256;

export class PolicySets {
  readonly #cedar: CedarInstance;
  readonly #prepared: PreparedSets;
  readonly #known = new Map<string, KnownSet>();

  constructor(cedar: CedarInstance) {
    this.#cedar = cedar;
    this.#prepared = new PreparedSets(cedar);
  }

  find(hash: string): KnownSet | null {
    return this.#known.get(hash) ?? null;
  }

  /** Throws for a text that was never sound. */
  add(hash: string, text: string): KnownSet {
    // At once: whoever asks meanwhile would begin the same work.
    const outlined = atOnce(outlinePolicies(this.#cedar, text));
    if ("faults" in outlined) throw new Error("no policy set");
    const set: KnownSet = {
      hash,
      outlines: new Map(outlined.map((outline) => [outline.id, outline])),
      namedTools: namedTools(outlined),
      namedIds: namedIds(outlined, RESOURCES),
      readsResource: outlined.some(({ json }) => readsResource(json.conditions)),
      shards: new Map(),
    };
    this.#makeRoom(outlined.length);
    this.#known.set(hash, set);
    return set;
  }

  /** Cedar's id of those of the policies that may match what the request asks for, taken as it says. */
  preparedFor(set: KnownSet, request: EngineRequest): string {
    const { key, outlines } = shardOf(set, request);
    return this.#prepared.idOf(key, () =>
      Object.fromEntries(outlines.map((outline) => [outline.id, taken(outline, request.reading)])),
    );
  }

  #makeRoom(size: number): void {
    let policies = size;
    for (const { outlines } of this.#known.values()) policies += outlines.size;
    for (const [hash, { outlines }] of this.#known) {
      if (this.#known.size < KNOWN_SETS_MAX && policies <= KNOWN_POLICIES_MAX) return;
      this.#known.delete(hash);
      policies -= outlines.size;
    }
  }
}

/** Plugins that the same policies may match share one: where all are of the org as a whole, all plugins do. */
function shardOf(set: KnownSet, { reading, workspaceId, pluginId }: EngineRequest): Shard {
  const place = `${reading} ${pluginId}`;
  const known = set.shards.get(place);
  if (known !== undefined) return known;
  const all = [...set.outlines.values()];
  const outlines = all.filter(({ reach }) => reaches(reach, { workspaceId, pluginId }));
  const isPlain = !outlines.some(({ readsInput }) => readsInput);
  const members = outlines.map((outline) => all.indexOf(outline)).join();
  const shard = { key: `${set.hash} ${isPlain ? "exact" : reading} ${members}`, outlines };
  if (set.shards.size >= SHARDS_MAX) set.shards.clear();
  set.shards.set(place, shard);
  return shard;
}

function taken({ json, source }: PolicyOutline, reading: Reading): Policy {
  return reading === "exact" ? source : approximated(json, reading);
}

function namedTools(outlines: readonly PolicyOutline[]): Map<string, Set<string>> {
  const byForm = new Map<string, Set<string>>();
  for (const id of namedIds(outlines, TOOLS)) {
    const form = lookalikeForm(id);
    byForm.set(form, (byForm.get(form) ?? new Set()).add(id));
  }
  return byForm;
}

const TOOLS = new Set(["Mcp::Tool", "Mcp::Action"]);
const RESOURCES = new Set([...TOOLS, "Mcp::Resource", "Mcp::Prompt"]);

function namedIds(outlines: readonly PolicyOutline[], types: ReadonlySet<string>): Set<string> {
  const ids = new Set<string>();
  for (const { json } of outlines) collectEntityIds(json, types, ids);
  return ids;
}
