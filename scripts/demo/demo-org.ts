/** The org `demo`: its plugins, its policy, and tokens for as long as the demo runs. */

const ORG = "demo";
export const WORKSPACE = "prod";
const TOKEN_MS = 86_400_000;

/** Alice deletes tickets and nobody else; of repositories Bob. */
const POLICY = `
@id("everybody-calls")
permit (principal, action, resource);

@id("only-alice-deletes")
@reason("tickets are deleted by their owner")
forbid (principal, action, resource == Mcp::Tool::"${WORKSPACE}/tickets/delete_ticket")
unless { principal == Mcp::User::"user:alice@acme" };

@id("only-bob-deletes-repos")
@reason("repositories are deleted by who keeps them")
forbid (principal, action, resource == Mcp::Tool::"${WORKSPACE}/github/delete_repo")
unless { principal == Mcp::User::"user:bob@acme" };
`;

export class DemoOrg {
  readonly base: string;
  readonly #adminToken: string;
  readonly #tokens: string[] = [];

  constructor(base: string, adminToken: string) {
    this.base = base;
    this.#adminToken = adminToken;
  }

  get name(): string {
    return ORG;
  }

  get url(): string {
    return `${this.base}/v1/orgs/${ORG}`;
  }

  /** Of the dashboard. */
  get page(): string {
    return `${this.base}/orgs/${ORG}/overview`;
  }

  /** One that an earlier demo left is used again. */
  async make(): Promise<void> {
    const body = { org: ORG, tier: "enterprise" };
    const made = await this.#send("POST", `${this.base}/v1/orgs`, body);
    if (made.status !== 201 && made.status !== 409) throw await failed("the org", made);
    await this.#require("PUT", "/policy", { policies: POLICY, default: "deny" });
  }

  /** Where its clients call it. It is probed, so that its tools are known from the start. */
  async register(plugin: string, url: string, settings: Record<string, unknown>): Promise<string> {
    const path = this.#pathOf(plugin);
    await this.#require("PUT", path, { url, ...settings });
    await this.#require("POST", `${path}/probe`, {});
    return `${this.url}${path}/mcp`;
  }

  /** Has it look at the plugin's tools again; accepts what is quarantined, and says what that was. */
  async review(plugin: string): Promise<string[]> {
    const path = this.#pathOf(plugin);
    await this.#require("POST", `${path}/probe`, {});
    const answer = await this.#require("GET", `${path}/tools`);
    const { tools } = (await answer.json()) as {
      tools: { tool?: string; name?: string; state: string }[];
    };
    const held = tools.filter(({ state }) => state === "quarantined");
    const names = held.map(({ tool, name }) => tool ?? name ?? "");
    for (const name of names) await this.#require("POST", `${path}/tools/${name}/accept`, {});
    return names;
  }

  async token(actor: string): Promise<string> {
    const answer = await this.#require("POST", "/service-tokens", {
      name: `demo ${actor}`,
      scopes: ["tools:call"],
      actor,
      expires_at: new Date(Date.now() + TOKEN_MS).toISOString(),
    });
    const { id, token } = (await answer.json()) as { id: string; token: string };
    this.#tokens.push(id);
    return token;
  }

  async revokeTokens(): Promise<void> {
    for (const id of this.#tokens.splice(0)) await this.#require("DELETE", `/service-tokens/${id}`);
  }

  #pathOf(plugin: string): string {
    return `/workspaces/${WORKSPACE}/plugins/${plugin}`;
  }

  async #require(method: string, path: string, body?: unknown): Promise<Response> {
    const answer = await this.#send(method, `${this.url}${path}`, body);
    if (!answer.ok) throw await failed(`${method} ${path}`, answer);
    return answer;
  }

  #send(method: string, url: string, body?: unknown): Promise<Response> {
    return fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.#adminToken}`,
        "content-type": "application/json",
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }
}

async function failed(what: string, answer: Response): Promise<Error> {
  return new Error(`${what}: ${answer.status} ${await answer.text()}`);
}
