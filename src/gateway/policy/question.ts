/** What policy is asked, in the gateway's terms. */
import type { Org } from "#orgs/org.ts";

/** Who asks. Nothing that a client says of itself is among it. */
export interface PolicyCaller {
  readonly actor: string;
  readonly groups: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly tokenId: string | null;
  /** OAuth's. */
  readonly clientId: string | null;
}

/** As its plugin declares it. */
export interface PolicyTool {
  readonly name: string;
  readonly definition: Readonly<Record<string, unknown>>;
}

export type PolicyTarget =
  /** `tool` null: the plugin's list has none of that name, or there is no list. */
  | { readonly kind: "tool"; readonly name: string; readonly tool: PolicyTool | null }
  | { readonly kind: "resource"; readonly uri: string }
  | { readonly kind: "prompt"; readonly name: string }
  | { readonly kind: "plugin" };

export interface Question {
  readonly org: Org;
  readonly caller: PolicyCaller;
  readonly workspace: string;
  readonly plugin: string;
  readonly nowMs: number;
  /** Of the protocol. */
  readonly version: string | null;
  readonly action: "call" | "read" | "list";
  readonly target: PolicyTarget;
  /** Of a tool call: `params.arguments`, parsed. */
  readonly arguments: unknown;
}

export interface Decision {
  readonly isPermitted: boolean;
  /** The set's hash, `none`, or `unknown` where it could not be read. */
  readonly policySet: string;
  /** Ids of the policies that decided. */
  readonly policies: readonly string[];
  /** A stable word, or the `@reason` of a policy that decided. */
  readonly reason: string;
}
