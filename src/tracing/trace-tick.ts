/** Traces of work that no request began: a tick of the cron, or a run of one of its jobs. */

import { SPAN_KIND } from "#formats/otlp/trace-model.ts";
import type { Env } from "#platform/env.ts";
import { runInSpan } from "./active-span.ts";
import { tracedEnv } from "./traced-env.ts";
import type { Tracer } from "./tracer.ts";

export interface Tick {
  readonly env: Env;
  readonly ctx: Pick<ExecutionContext, "waitUntil">;
  readonly name: "cron tick" | `run ${string}`;
  /** The schedule that set off the tick; null for a run, which the runtime did not call by schedule. */
  readonly cron: string | null;
}

/**
 * A tick's span, by OpenTelemetry's semantic conventions for functions (docs/faas/faas-spans.md, "Timer").
 */
function describeTick({ name, cron }: Tick) {
  const attributes = new Map([["faas.trigger", "timer"]]);
  if (cron !== null) attributes.set("faas.cron", cron);
  return { name, kind: SPAN_KIND.internal, attributes };
}

export async function traceTick<Result>(
  tracer: Tracer,
  tick: Tick,
  work: (env: Env) => Promise<Result>,
): Promise<Result> {
  const env = tracedEnv(tick.env);
  const owner = { env, org: () => null, isTrusted: () => true, isServed: () => true };
  const describe = () => describeTick(tick);
  const trace = tracer.begin({ received: null, describe, nowMs: Date.now(), owner });
  try {
    return await runInSpan(trace.root, () => work(env));
  } catch (error) {
    trace.root.failWith(error);
    throw error;
  } finally {
    trace.end();
    tick.ctx.waitUntil(tracer.finish(trace, owner));
  }
}
