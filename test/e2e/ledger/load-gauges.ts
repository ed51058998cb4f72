/** What a scrape says of an org's log. */
import type { Runtime } from "../../harness/runtime.ts";

export interface Gauges {
  tree_size: number | null;
  unsigned: number | null;
  frozen: number | null;
  /** Seconds; null before the first checkpoint. */
  checkpoint_timestamp: number | null;
}

export async function gaugesOf(runtime: Runtime, org: string): Promise<Gauges> {
  const page = await runtime.text("GET", `/v1/orgs/${org}/metrics`);
  const value = (name: string) => {
    const line = page.split("\n").find((text) => text.startsWith(`${name}{org="${org}"} `));
    return line === undefined ? null : Number(line.slice(line.lastIndexOf(" ") + 1));
  };
  return {
    tree_size: value("mcpg_audit_tree_size"),
    unsigned: value("mcpg_audit_unsigned_entries"),
    frozen: value("mcpg_audit_frozen"),
    checkpoint_timestamp: value("mcpg_audit_checkpoint_timestamp_seconds"),
  };
}
