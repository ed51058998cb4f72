/** The gateway under test: an org of it, its tokens, and upstreams registered as plugins. */
import { HttpClient } from "../../harness/http-client.ts";
import type { Runtime } from "../../harness/runtime.ts";

/** A plugin's secrets and time-outs, as `PUT …/plugins/{plugin}` takes them. */
export interface PluginSettings {
  timeout_ms?: number;
  headers?: Record<string, string>;
  on_tool_change?: "record" | "quarantine";
}

export const WORKSPACE = "prod";
export const GATEWAY_OPTIONS = {
  settings: { MCPG_ALLOW_LOOPBACK: "true" },
  hasPolicy: true,
  connections: 64,
};

let orgs = 0;

export class Gateway {
  readonly client: HttpClient;
  readonly org: string;

  constructor(client: HttpClient, org: string) {
    this.client = client;
    this.org = org;
  }

  static async open(runtime: HttpClient): Promise<Gateway> {
    orgs += 1;
    const gateway = new Gateway(runtime, `gw-${orgs}-${process.pid.toString(36)}`);
    await runtime.makeOrg(gateway.org);
    return gateway;
  }

  get path(): string {
    return `/v1/orgs/${this.org}`;
  }

  /** The plugin's address at the gateway. */
  async register(plugin: string, url: string, settings: PluginSettings = {}): Promise<string> {
    const path = `${this.path}/workspaces/${WORKSPACE}/plugins/${plugin}`;
    await this.client.json("PUT", path, { url, ...settings });
    return `${this.client.url}${path}/mcp`;
  }

  /** A service token's secret. */
  async token(actor: string, scopes: readonly string[] = ["tools:call"]): Promise<string> {
    const made = { name: actor.replaceAll(/[^a-z0-9]/g, "-"), scopes, actor };
    const path = `${this.path}/service-tokens`;
    return (await this.client.json<{ token: string }>("POST", path, made)).token;
  }

  async setPolicy(policies: string, defaultDecision: "permit" | "deny"): Promise<void> {
    const body = { policies, default: defaultDecision };
    await this.client.json("PUT", `${this.path}/policy`, body);
  }
}

/** What a suite starts: the runtime's, or one that runs already (MCPG_GATEWAY_URL, with the harness's token). */
export async function gatewayClient(start: () => Promise<Runtime>): Promise<HttpClient> {
  const { MCPG_GATEWAY_URL: url } = process.env;
  if (url === undefined) return start();
  return new HttpClient(url, { connections: GATEWAY_OPTIONS.connections, isResending: true });
}
