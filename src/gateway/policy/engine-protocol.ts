/**
 * What the gateway asks the policy engine, which is a Worker of its own: Cedar takes 60 MB of the 128 that an isolate
 * has, and is loaded where an org has a policy alone.
 */
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import type { EntityId } from "./entity-ids.ts";
import type { CedarRecord, InputReads } from "./typed-input.ts";

export interface EngineEntity {
  readonly uid: EntityId;
  readonly attrs: CedarRecord;
  readonly parents: readonly EntityId[];
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * How the policies are to be taken: as they are; as strictly as any arguments could make them, where the call's
 * cannot be read; or as leniently, where there is no call yet (a list).
 */
export type Reading = "exact" | "strictest" | "most_lenient";

export interface EngineRequest {
  readonly principal: EntityId;
  readonly action: EntityId;
  readonly resource: EntityId;
  readonly context: CedarRecord;
  readonly entities: readonly EngineEntity[];
  readonly reading: Reading;
  /** Where the resource lies: policies on others are not asked. */
  readonly workspaceId: string;
  readonly pluginId: string;
  /** The name of a tool is the caller's word alone: no list has it. */
  readonly isUnlisted: boolean;
}

export interface EngineVerdict {
  /** `silent`: no policy says anything. The rest but `permit` deny. */
  readonly kind: "permit" | "forbid" | "silent" | "lookalike" | "failed";
  /** Ids of those that decided; of one that failed, where it is known. Sorted. */
  readonly policies: readonly string[];
  /** Their `@reason`s. */
  readonly reasons: readonly string[];
  /** Of policies that could not be evaluated; the texts quote arguments, and are there if they were asked for. */
  readonly errors: readonly { readonly policy: string; readonly message: string }[];
}

export interface EngineQuestion {
  /** Of `policies` and the set's default. */
  readonly hash: string;
  /** Null at first: the engine may know the set already. */
  readonly policies: string | null;
  readonly requests: readonly EngineRequest[];
  readonly explains: boolean;
}

/** A tool with what it declares, as policies may speak of it. */
export interface SchemaTool {
  readonly workspace: string;
  readonly plugin: string;
  readonly name: string;
  readonly definition: Readonly<Record<string, unknown>>;
}

/** Of whose tools a policy may read arguments, or speak by an action of their own. Null: of any. */
export interface ToolReach {
  readonly workspaceId: string | null;
  readonly pluginId: string | null;
  readonly toolId: string | null;
}

export interface TextFault {
  readonly message: string;
  readonly help: string | null;
  readonly policy: string | null;
  /** Offsets into the UTF-8 bytes of the text, as Cedar has them. */
  readonly start: number | null;
  readonly end: number | null;
}

export type TextCheck =
  | { readonly kind: "refused"; readonly faults: readonly TextFault[] }
  | { readonly kind: "needs_tools"; readonly reaches: readonly ToolReach[] }
  | {
      readonly kind: "sound";
      readonly ids: readonly string[];
      readonly reads: InputReads;
      readonly warnings: readonly TextFault[];
    };

export interface PolicyEngineRpc {
  /** `tools` null: whatever may be found without them. */
  check(policies: string, tools: readonly SchemaTool[] | null): Promise<TextCheck>;
  /** One verdict a request; null where the set is not known and was not sent. */
  answer(question: EngineQuestion): Promise<readonly EngineVerdict[] | null>;
}

/** Fails with `misconfigured` where the deployment has none. */
export function policyEngine(env: Env): PolicyEngineRpc {
  const engine = env.POLICY as unknown as PolicyEngineRpc | undefined;
  return engine ?? fail({ kind: "misconfigured", setting: "POLICY", problem: "is not bound" });
}
