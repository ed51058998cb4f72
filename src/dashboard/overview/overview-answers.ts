/** What the overview reads of the API's answers. */
export interface Covered {
  readonly from: string;
  readonly to: string;
  readonly step_seconds: number;
  readonly counted_until: string;
  readonly partial: boolean;
  readonly scanned_to?: string | null;
}

export interface OutcomeSteps extends Covered {
  readonly series: readonly { readonly key: string; readonly calls: readonly number[] }[];
}

export interface LatencyCells extends Covered {
  readonly cells: readonly (readonly [column: number, bucket: number, calls: number])[];
}

export interface ToolRow {
  readonly labels: {
    readonly workspace?: string;
    readonly plugin?: string;
    readonly tool?: string;
  };
  readonly calls: number;
  readonly errors: number;
  readonly p95_ms: number | null;
}

export interface TopTools extends Covered {
  readonly total: { readonly calls: number; readonly errors: number };
  readonly rows: readonly ToolRow[];
}

export interface InstanceRow {
  readonly id: string;
  readonly first_report: string | null;
  readonly last_report: string;
  readonly state: "online" | "stale" | "departed";
  readonly dropped: number;
  readonly missing_reports: number;
  readonly gaps: readonly {
    readonly epoch: string | null;
    readonly from_seq: number;
    readonly to_seq: number;
  }[];
  readonly lag_p50_ms?: number | null;
  readonly lag_p95_ms?: number | null;
}

export interface InstanceList {
  readonly instances: readonly InstanceRow[];
  readonly next_cursor: string | null;
}

export interface LedgerStatus {
  readonly log: number;
  readonly tree_size: number;
  readonly checkpoint: { readonly size: number; readonly signed_at: string } | null;
  readonly unsigned_entries: number;
  readonly unsigned_since: string | null;
  readonly frozen: boolean;
  readonly frozen_reason: string | null;
  readonly misconfigured: string | null;
  readonly scrub: {
    readonly last_full_pass: { readonly completed_at: string; readonly size: number } | null;
  };
}

export interface SeriesUse {
  readonly series: number;
  readonly series_limit: number;
}
