/**
 * Which part of the service a statement is of: by what it writes, and where it only reads, by who asks. So the fold
 * is the fold, whoever has it run, and the parts' sum is the bill whatever they are called. Pure.
 */

/** In the order in which they are shown. */
export const PARTS = [
  "ingest",
  "ingest: samples",
  "ingest: arrivals",
  "fold",
  "scrape",
  "tick",
  "pruning",
  "ledger: entries",
  "ledger: tree",
  "ledger: alarms",
  "ledger: telling D1",
  "ledger: signing",
  "gateway",
] as const;

export type Part = (typeof PARTS)[number];

/** Who has a statement run. `alarm` is the ledger's own. */
export type Cause =
  | "report"
  | "scrape"
  | "append"
  | "call"
  | "tick"
  | "fold"
  | "prune"
  | "sign"
  | "alarm";

export const PART_OF_CAUSE: Record<Cause, Part> = {
  report: "ingest",
  scrape: "scrape",
  append: "ledger: entries",
  call: "gateway",
  tick: "tick",
  fold: "fold",
  prune: "pruning",
  sign: "ledger: signing",
  alarm: "ledger: alarms",
};

/** What of a tick is not simply the tick's. */
const CAUSE_OF_JOB: Record<string, Cause> = {
  fold: "fold",
  prune: "prune",
  expire: "prune",
  sign: "sign",
  outbox: "sign",
};

export const causeOfJob = (job: string): Cause => CAUSE_OF_JOB[job] ?? "tick";

const WRITE =
  /\b(INSERT|UPDATE|DELETE)(?:\s+OR\s+\w+)?(?:\s+(?:INTO|FROM))?\s+["`]?(\w+)["`]?(.*)/is;

export interface Write {
  verb: "INSERT" | "UPDATE" | "DELETE";
  table: string;
  /** What follows the table. */
  rest: string;
}

/** Null of what only reads. */
export function writeOf(sql: string): Write | null {
  const [, verb = "", table = "", rest = ""] = WRITE.exec(sql) ?? [];
  if (verb === "") return null;
  return { verb: verb.toUpperCase() as Write["verb"], table: table.toLowerCase(), rest };
}

/** `set` and `by` narrow a rule to some columns and causes. */
interface Rule {
  part: Part;
  table: RegExp;
  verb?: RegExp;
  set?: RegExp;
  by?: readonly Cause[];
}

/** What the fold keeps: totals, windows, and what they are numbered by. */
const FOLDED = /^(series|instances|rollups_\w+|activity_\w+|lag_\w+|counted_marks)$/;
const SAMPLES = /^tool_invocations$/;
const ARRIVALS = /^arrivals$/;

/** The first that fits. */
const D1_RULES: readonly Rule[] = [
  { part: "pruning", table: /./, by: ["prune"] },
  { part: "pruning", table: SAMPLES, verb: /DELETE/ },
  { part: "fold", table: FOLDED },
  { part: "fold", table: SAMPLES, set: /counted_as\s*=/ },
  { part: "fold", table: /^orgs$/, set: /\b(folds|fold_\w+|activity_from_ms|lag_from_ms)\s*=/ },
  { part: "fold", table: ARRIVALS, verb: /UPDATE|DELETE/ },
  // It writes arrivals that are regrouped.
  { part: "fold", table: ARRIVALS, by: ["scrape", "fold", "tick"] },
  { part: "ingest: samples", table: SAMPLES },
  { part: "ingest: arrivals", table: ARRIVALS },
  { part: "ledger: signing", table: /^(audit_logs|ledger_\w+)$/, by: ["sign", "tick"] },
  { part: "ledger: telling D1", table: /^audit_logs$/ },
];

const OBJECT_RULES: readonly Rule[] = [
  { part: "pruning", table: /./, by: ["prune"] },
  { part: "pruning", table: /^(entries|bundles|id_runs)$/, verb: /DELETE/ },
  { part: "pruning", table: /^pruned_ids$/ },
  { part: "pruning", table: /^log$/, set: /\b(min_index|prune_to)\s*=/ },
  { part: "ledger: entries", table: /^entries$/ },
  { part: "ledger: entries", table: /^log$/, set: /\btree_size\s*=/ },
  { part: "ledger: tree", table: /^(tiles|bundles|id_runs)$/ },
  { part: "ledger: signing", table: /^log$/, set: /\bpublished_size\s*=/ },
  { part: "ledger: telling D1", table: /^log$/, set: /\btold_\w+\s*=/ },
  { part: "gateway", table: /^(open_calls|ended_calls)$/ },
];

const RULES = { d1: D1_RULES, object: OBJECT_RULES };

export type Store = keyof typeof RULES;

export function partOf(store: Store, cause: Cause, sql: string): Part {
  const write = writeOf(sql);
  const rule = write === null ? undefined : RULES[store].find((one) => fits(one, write, cause));
  return rule?.part ?? PART_OF_CAUSE[cause];
}

function fits({ table, verb, set, by }: Rule, write: Write, cause: Cause): boolean {
  if (!table.test(write.table) || (verb !== undefined && !verb.test(write.verb))) return false;
  return (set === undefined || set.test(write.rest)) && (by === undefined || by.includes(cause));
}
