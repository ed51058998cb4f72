/** The Worker's bindings. Each room reads what is its own through `setting` (settings.ts). */
export interface Env {
  DIRECTORY: D1Database;
  SHARD_0: D1Database;
  LEDGER: DurableObjectNamespace;
  /** The dashboard's files: src/http/dashboard-routes.ts. */
  ASSETS?: Fetcher;
  /** The policy engine's Worker: src/gateway/policy/engine-protocol.ts. */
  POLICY?: Service;
  MCPG_ADMIN_TOKEN: string;
  MCPG_METRICS_TOKEN?: string;
  /** May go once `MCPG_LEDGER_SEED_2` has taken over. */
  MCPG_LEDGER_SEED?: string;
  /** May go once `MCPG_PAYLOAD_KEK_2` wraps all that it did. */
  MCPG_PAYLOAD_KEK?: string;
  MCPG_DEFAULT_ORG_TIER?: string;
  MCPG_ORIGIN?: string;
  /** `true` beside `npm start`; no deployment has it. */
  MCPG_LOCAL?: string;
  MCPG_COMMIT?: string;
  /** Where streams go unless an org says otherwise: `[vars.OBSERVABILITY]`, or its JSON as text. */
  OBSERVABILITY?: unknown;
  MCPG_HEADER_SECRETS?: string;
  MCPG_ALLOW_LOOPBACK?: string;
  /** Bytes that a shard may have; see platform/shards.ts. */
  MCPG_SHARD_BYTES_MAX?: string | number;
  /** Bytes that an audit log may have; see audit/log-room.ts. */
  MCPG_LOG_BYTES_MAX?: string | number;
}
