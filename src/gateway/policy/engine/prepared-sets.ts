/**
 * Policy sets as Cedar keeps them for an isolate's life: parsed once, under an id that is never given up, so that of a
 * fixed ring of ids the oldest takes the next set.
 */
import type { Policy, StaticPolicySet } from "@cedar-policy/cedar-wasm";
import { CedarBroke, type CedarInstance } from "./cedar.ts";

const SLOTS = 64;
/** What 64 sets may have in all: the bench `policy` prints what they take. */
const PREPARED_POLICIES_MAX = 8_000;

interface Slot {
  readonly id: string;
  policies: number;
}

export class PreparedSets {
  readonly #cedar: CedarInstance;
  /** In the order in which they were prepared. */
  readonly #slots = new Map<string, Slot>();
  #free: string[] = [];
  #starts = -1;

  constructor(cedar: CedarInstance) {
    this.#cedar = cedar;
  }

  /** Cedar's id of the set; `policies` are asked for where it has none yet. */
  idOf(key: string, policies: () => Readonly<Record<string, Policy>>): string {
    this.#startAnew();
    const known = this.#slots.get(key);
    if (known !== undefined) return known.id;
    const staticPolicies = policies();
    const size = Object.keys(staticPolicies).length;
    this.#makeRoom(size);
    const id = this.#free.at(-1) ?? "";
    this.#preparse(id, staticPolicies);
    this.#free.pop();
    this.#slots.set(key, { id, policies: size });
    return id;
  }

  #preparse(id: string, staticPolicies: StaticPolicySet): void {
    const answer = this.#cedar.call(({ preparsePolicySet }) =>
      preparsePolicySet(id, { staticPolicies }),
    );
    if (answer.type === "failure") throw new CedarBroke();
  }

  /** An instance that was started anew has none of them. */
  #startAnew(): void {
    if (this.#starts === this.#cedar.starts) return;
    this.#starts = this.#cedar.starts;
    this.#slots.clear();
    this.#free = Array.from({ length: SLOTS }, (_, index) => `set-${index}`);
  }

  #makeRoom(size: number): void {
    let policies = size;
    for (const slot of this.#slots.values()) policies += slot.policies;
    for (const [key, slot] of this.#slots) {
      if (this.#free.length > 0 && policies <= PREPARED_POLICIES_MAX) return;
      this.#slots.delete(key);
      // Overwritten, or it would keep what it holds until another set takes its id.
      this.#preparse(slot.id, {});
      this.#free.push(slot.id);
      policies -= slot.policies;
    }
  }
}
