/**
 * A page of orgs, delivered in an invocation of its own: one invocation may make 10,000 calls and send D1
 * 1,000 queries, which a tick with thousands of receivers would exceed alone. As in ledger/signing-page.ts.
 */
import { exports, WorkerEntrypoint } from "cloudflare:workers";
import type { StreamTarget } from "#delivery/store/stream-targets.ts";
import type { Env } from "#platform/env.ts";
import { tracer } from "#tracing/isolate-tracer.ts";
import { traceTick } from "#tracing/trace-tick.ts";
import { deliverPage as deliverHere } from "./deliver-page.ts";

export class DeliveryPage extends WorkerEntrypoint<Env> {
  /** How many could not be tried. */
  async deliver(shard: string, targets: readonly StreamTarget[]): Promise<number> {
    const tick = { env: this.env, ctx: this.ctx, name: "delivery page", cron: null } as const;
    return traceTick(tracer, tick, (env) => deliverHere(env, shard, targets));
  }
}

/** Through the runtime's loopback to this Worker's own exports. */
export function deliverPage(shard: string, targets: readonly StreamTarget[]): Promise<number> {
  const { DeliveryPage: page } = exports as unknown as {
    DeliveryPage: { deliver(shard: string, targets: readonly StreamTarget[]): Promise<number> };
  };
  return page.deliver(shard, targets);
}
