/** Plays what comes to a Worker at times of its own: one request after the other, as fast as it answers. */
import type { Bill } from "../../harness/cost/tally.ts";
import { HttpClient } from "../../harness/http-client.ts";
import type { Runtime } from "../../harness/runtime.ts";

export class Player {
  readonly #runtime: Runtime;
  /** The Worker's own socket: what is before it here is nobody's to pay. */
  readonly #client: HttpClient;

  private constructor(runtime: Runtime, client: HttpClient) {
    this.#runtime = runtime;
    this.#client = client;
  }

  static async of(runtime: Runtime, connections: number): Promise<Player> {
    const url = await runtime.directUrl();
    return new Player(runtime, new HttpClient(url, { connections, isResending: true }));
  }

  /** `atMs`: where the clock is played. */
  async send(method: string, path: string, body: unknown, atMs?: number): Promise<Buffer> {
    const headers = atMs === undefined ? {} : { "x-played-at": String(atMs) };
    const answer = await this.#client.send(method, path, { body, headers });
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
  }

  tick(atMs?: number): Promise<void> {
    return this.#runtime.tick(atMs);
  }

  /** The clock stands there, and what was due before is late. */
  async standAt(ms: number): Promise<void> {
    await this.#client.json("GET", `/cost/stand?ms=${ms}`);
  }

  /** The clock goes from where it stands. */
  async goOn(): Promise<void> {
    await this.#client.json("GET", "/cost/go-on");
  }

  /** All since the last time. */
  takeBill(): Promise<Bill> {
    return this.#client.json<Bill>("GET", "/cost/bill");
  }

  disconnect(): void {
    this.#client.disconnect();
  }
}
