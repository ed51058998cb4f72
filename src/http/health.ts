/** For whoever restarts or routes: alive says that code runs, ready that requests can be answered. */
import * as Type from "typebox";
import type { Env as Bindings } from "#platform/env.ts";
import { fail, isMisconfigured } from "#platform/errors.ts";
import { inTime } from "#platform/in-time.ts";
import { checkSettings } from "#platform/settings.ts";
import type { HttpEnv } from "./http-env.ts";
import { type AccessTerms, type Route, routeOf } from "./route.ts";

const STATUS = {
  "application/json": Type.Object({ status: Type.Literal("ok") }, { title: "Status" }),
};
const OK = { status: "ok" };

/** A stalled D1 answers after 30 s or not at all; a prober gives up earlier and learns nothing. */
const PROBE_TIMEOUT_MS = 5_000;

type Probe = (env: Bindings) => Promise<unknown>;

/** The service is ready when every probe succeeds. */
export function healthRoutes<Env extends HttpEnv, Access extends AccessTerms>(
  open: Access,
  probes: readonly Probe[],
): Route<Env, Access>[] {
  const route = routeOf<Env, Access>();
  return [
    route(
      {
        ...open,
        method: "get",
        path: "/healthz",
        operationId: "getHealth",
        summary: "Alive",
        answers: { 200: { description: "Code runs", content: STATUS } },
      },
      (c) => c.json(OK),
    ),
    route(
      {
        ...open,
        method: "get",
        path: "/readyz",
        operationId: "getReadiness",
        summary: "Ready: settings are sound, every database and the ledger answer",
        answers: { 200: { description: "Requests can be answered", content: STATUS } },
      },
      async (c) => {
        checkSettings(c.env);
        const probing = Promise.all(probes.map(async (probe) => probe(c.env)));
        const late = () => new Error("a probe takes too long");
        await inTime(probing, PROBE_TIMEOUT_MS, late).catch((error) => {
          if (isMisconfigured(error)) throw error;
          fail({ kind: "unavailable", retryAfterSeconds: 5 });
        });
        return c.json(OK);
      },
    ),
  ];
}
