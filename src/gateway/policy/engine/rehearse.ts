/**
 * A text's policies evaluated once before they are in force, in every reading: what would break Cedar breaks it here,
 * where it is the text's own org that is refused.
 */
import type { Reading } from "#gateway/policy/engine-protocol.ts";
import type { Stepwise } from "#platform/slices.ts";
import { approximated } from "./approximation.ts";
import { CedarBroke, type CedarInstance } from "./cedar.ts";
import { type PolicyOutline, partsOf } from "./policy-outline.ts";

const READINGS: readonly Reading[] = ["exact", "strictest", "most_lenient"];

/** Of no place, so that no scope that names one stops an evaluation early: conditions are evaluated by themselves. */
const REQUEST = {
  principal: { type: "Mcp::User", id: "" },
  action: { type: "Mcp::Action", id: "call" },
  resource: { type: "Mcp::Tool", id: "" },
};

/** Each takes up to a millisecond to be read. */
const POLICIES_A_STEP = 64;

export function* rehearse(
  cedar: CedarInstance,
  outlines: readonly PolicyOutline[],
): Stepwise<void> {
  for (const reading of READINGS) {
    for (const part of partsOf(outlines, POLICIES_A_STEP)) {
      rehearseIn(cedar, part, reading);
      yield;
    }
  }
}

function rehearseIn(
  cedar: CedarInstance,
  outlines: readonly PolicyOutline[],
  reading: Reading,
): void {
  const unscoped = outlines.map((outline) => {
    const { id, json } = outline;
    const taken = reading === "exact" ? json : approximated(json, reading);
    const scope = { principal: ANY, action: ANY, resource: ANY };
    return [id, { ...taken, ...scope }] as const;
  });
  const policies = { staticPolicies: Object.fromEntries(unscoped) };
  const context = { now: { __extn: { fn: "datetime", arg: "2026-01-01" } } };
  const answer = cedar.call(({ isAuthorized }) =>
    isAuthorized({ ...REQUEST, context, policies, entities: [] }),
  );
  if (answer.type === "failure") throw new CedarBroke();
}

const ANY = { op: "All" } as const;
