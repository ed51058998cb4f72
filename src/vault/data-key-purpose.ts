/** What an org's data keys are for: each purpose has its own, and none opens anything of another. */
export const SEALING_PURPOSES = ["payload", "stream_header", "plugin_header"] as const;
export type SealingPurpose = (typeof SEALING_PURPOSES)[number];

/** The fourth is no AES key, and has one version for ever: another would group errors anew. */
export const DATA_KEY_PURPOSES = [...SEALING_PURPOSES, "error_fingerprint"] as const;
export type DataKeyPurpose = (typeof DATA_KEY_PURPOSES)[number];

/** Whose keys they are, and where. As every org is (src/orgs/org.ts). */
export interface KeyedOrg {
  readonly org: string;
  readonly generation: number;
  /** Binding of the database that has its keys. */
  readonly shard: string;
}
