/** A request that costs as much as its kind can. */

export interface WorstRequest {
  name: string;
  /** With the parameters of its path filled in. */
  path: string;
  /** Made when it is due: some have 4 MiB. */
  body?: () => string | Uint8Array;
  /** `application/json` where there is a body and none is named. */
  headers?: Record<string, string>;
  /** Any of these. */
  statuses: readonly number[];
  /** Where it may take longer than others (limits.ts says how much those may). */
  cpuMsMax?: number;
}

export const MIB = 1_048_576;
export const GZIP = { "content-encoding": "gzip" };
export const ZSTD = { "content-encoding": "zstd" };
export const ORG = "worst";
export const ROOT = `/v1/orgs/${ORG}`;
