/**
 * What is sealed with an org's data keys, said by the capabilities that seal: this room knows none of them. They
 * register here, so that a key is destroyed only where nothing is sealed with it any more.
 */

import type { Env } from "#platform/env.ts";
import type { StepProgress } from "#platform/jobs/job.ts";
import type { KeyedOrg, SealingPurpose } from "./data-key-purpose.ts";

export interface KeyUse {
  readonly purpose: SealingPurpose;
  /** How many values are sealed with each version, where there are any. */
  count(env: Env, org: KeyedOrg): Promise<ReadonlyMap<number, number>>;
  /** Seals some of what is sealed with earlier versions with the newest. Without it they stay until they go by themselves. */
  reseal?(env: Env, org: KeyedOrg, newest: number): Promise<StepProgress>;
  /** The most queries that `count` and `reseal` send D1 together. */
  readonly queries: number;
}

let registered: readonly KeyUse[] = [];

/** Registers all at once. */
export function registerKeyUses(uses: readonly KeyUse[]): void {
  registered = uses;
}

/** Null: nobody says, so that nothing of the purpose is destroyed unless it is asked for. */
export function keyUseOf(purpose: string): KeyUse | null {
  return registered.find((use) => use.purpose === purpose) ?? null;
}

export function keyUses(): readonly KeyUse[] {
  return registered;
}
