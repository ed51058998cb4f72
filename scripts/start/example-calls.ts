import { shellQuote } from "./shell-quote.ts";

/** What the terminal shows once it serves: calls that work when pasted into bash, in any folder. */
export interface ExampleCalls {
  base: string;
  projectDir: string;
  /** Files, so that no secret lands in a log or a scrollback. */
  localTokenPath: string;
  prometheusTokenPath: string;
  prometheusConfigPath: string;
  prometheusDataDir: string;
}

export function formatExampleCalls(calls: ExampleCalls): string {
  const org = `${calls.base}/v1/orgs/default`;
  const local = bearer(calls.localTokenPath);
  const metrics = bearer(calls.prometheusTokenPath);
  return `
# The dashboard: open ${calls.base} and sign in with this token
cat ${shellQuote(calls.localTokenPath)}

# Report two tool calls, one of them failed:
curl -sS ${org}/invocations ${local} -H 'Content-Type: application/json' --data-binary @- <<JSON
{ "instance_id": "gw-1", "batch_id": "$(date +%s)-$RANDOM", "invocations": [
  { "workspace": "prod", "plugin": "github", "tool": "list_repos", "outcome": "ok",
    "started_at": "$(date -u +%Y-%m-%dT%H:%M:%SZ)", "duration_ms": 84.2 },
  { "workspace": "prod", "plugin": "github", "tool": "list_repos", "outcome": "server_error",
    "started_at": "$(date -u +%Y-%m-%dT%H:%M:%SZ)", "duration_ms": 312, "error_message": "no route to host" } ] }
JSON

# What Prometheus scrapes, the rollups, the samples of the last hour, the fleet:
curl -sS --compressed '${org}/metrics?granularity=hour' ${metrics}
curl -sS '${org}/rollups?granularity=hour' ${local}
curl -sS "${org}/invocations?from=$(( $(date +%s) - 3600 ))000&limit=10" ${local}
curl -sS '${org}/instances' ${local}

# Record a policy decision; read it back; after a minute, when it is signed, verify the whole log (its key is not pinned yet: exit code 10):
curl -sS ${org}/audit ${local} -H 'Content-Type: application/json' --data-binary @- <<JSON
{ "instance_id": "gw-1", "events": [
  { "actor": "user:alice@acme", "action": "tool.call.denied", "outcome": "denied", "target": "tool://github/delete_repo",
    "details": { "policy": "no-deletes" } } ] }
JSON
curl -sS '${org}/audit?action_prefix=tool.&limit=100' ${local}
npm --prefix ${shellQuote(calls.projectDir)} run --silent verify -- --url ${calls.base} --org default --token-file ${shellQuote(calls.localTokenPath)}

# Prometheus with the alert rules, then open http://127.0.0.1:9090/alerts :
prometheus --config.file=${shellQuote(calls.prometheusConfigPath)} --storage.tsdb.path=${shellQuote(calls.prometheusDataDir)} --web.listen-address=127.0.0.1:9090
`;
}

function bearer(tokenPath: string): string {
  return `-H "Authorization: Bearer $(cat ${shellQuote(tokenPath)})"`;
}
