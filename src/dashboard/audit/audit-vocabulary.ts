/** Words that a search is likely to be for. Any other may be written: reporters have their own. */
const CALL_WORDS = [
  ...["allowed", "denied", "allowed_with_obligations", "completed"],
  ...["challenged", "unknown", "access_denied"],
];

export const ACTIONS: readonly string[] = [
  ...CALL_WORDS.map((word) => `tool.call.${word}`),
  ...["session.opened", "session.terminated"],
  ...["plugin.registered", "plugin.updated", "plugin.removed", "plugin.tool.changed"],
  ...["plugin.tool.quarantined", "plugin.tool.accepted"],
  ...["operator.org.created", "operator.token.created", "operator.token.revoked"],
  ...["operator.policy.updated", "operator.payload.viewed", "operator.audit.exported"],
  ...["operator.streams.updated", "operator.session.created", "operator.session.ended"],
  ...["ledger.pruned", "ledger.key_rotated", "ledger.succeeded"],
];

export const PREFIXES: readonly string[] = [
  ...["tool.call.", "resource.read.", "prompt.get.", "plugin.", "session.", "operator.", "ledger."],
];

export const AUDIT_OUTCOMES: readonly string[] = ["allowed", "denied", "deferred", "error"];
