/** What goes on in an org while its keys are rotated: reports with payloads, views, rotations, ticks. Kills interrupt it. */
import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../../harness/new-id.ts";
import type { Runtime } from "../../harness/runtime.ts";

export const ORG = "rotating";
export const AT = `/v1/orgs/${ORG}`;
const CALLS_PER_REPORT = 5;
const ROTATION_MS = 2_000;
const TICK_MS = 1_000;
/** A token may view 60 times a minute in an isolate. */
const VIEWS_MS = 1_200;

export class RotationWork {
  /** Reported and acknowledged: the call's id and what it carried. */
  readonly kept = new Map<string, string>();
  readonly problems: string[] = [];
  readonly #viewers: readonly string[];
  views = 0;
  rotations = 0;
  interrupted = 0;

  constructor(viewers: readonly string[]) {
    this.#viewers = viewers;
  }

  /** Resolves once all of it has ended, behind `untilMs`. */
  async run(runtime: Runtime, untilMs: number): Promise<void> {
    const until = async (pauseMs: number, step: () => Promise<void>) => {
      while (Date.now() < untilMs) {
        await this.#unlessKilled(step);
        await delay(pauseMs);
      }
    };
    await Promise.all([
      until(100, () => this.#report(runtime)),
      until(130, () => this.#report(runtime)),
      ...this.#viewers.map((token) => until(VIEWS_MS, () => this.#viewOne(runtime, token))),
      until(ROTATION_MS, () => this.#rotate(runtime)),
      until(TICK_MS, () => runtime.tick()),
    ]);
  }

  /** What each call that was acknowledged carried, viewed by tokens in turn. */
  async viewAll(runtime: Runtime, newToken: () => Promise<string>): Promise<void> {
    const ids = [...this.kept.keys()];
    for (let at = 0; at < ids.length; at += 50) {
      const token = await newToken();
      await Promise.all(ids.slice(at, at + 50).map((id) => this.#view(runtime, token, id)));
    }
  }

  /** A kill breaks what is under way: it is no problem of the service's. */
  async #unlessKilled(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      if (["ECONNRESET", "ECONNREFUSED", "EPIPE"].includes(code)) this.interrupted += 1;
      else this.problems.push(String(error));
    }
  }

  async #report(runtime: Runtime): Promise<void> {
    const startedAt = Date.now();
    const samples = Array.from({ length: CALLS_PER_REPORT }, () => ({
      ...{ id: newId(startedAt), workspace: "prod", plugin: "files", tool: "read" },
      ...{ started_at: startedAt, duration_ms: 3, outcome: "ok" },
      // Letters and digits at random are taken for a secret now and then, and redacted.
      request_payload: randomBytes(randomInt(10, 900)).toString("hex"),
    }));
    const report = { instance_id: "gw-1", invocations: samples };
    await runtime.json("POST", `${AT}/invocations`, report);
    for (const { id, request_payload } of samples) this.kept.set(id, request_payload);
  }

  async #viewOne(runtime: Runtime, token: string): Promise<void> {
    const ids = [...this.kept.keys()];
    if (ids.length > 0) await this.#view(runtime, token, ids[randomInt(ids.length)]!);
  }

  async #view(runtime: Runtime, token: string, id: string): Promise<void> {
    const { status, body } = await runtime.send(
      "GET",
      `${AT}/invocations/${id}/payload?reason=rotation`,
      { isAnonymous: true, headers: { authorization: `Bearer ${token}` } },
    );
    this.views += 1;
    const request = status === 200 ? JSON.parse(body.toString()).request : undefined;
    if (request !== this.kept.get(id)) this.problems.push(`${id}: ${status} ${body}`.slice(0, 200));
  }

  async #rotate(runtime: Runtime): Promise<void> {
    await runtime.json("POST", `${AT}/keys/rotate`, {});
    this.rotations += 1;
  }
}
