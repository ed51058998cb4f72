/** Everything under /v1/orgs/{org}/audit. What is named comes before `/{seq}` and `/{log}`. */
import { Hono } from "hono";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { auditControl } from "./control-routes.ts";
import { auditEvents } from "./event-routes.ts";
import { auditExport } from "./export-routes.ts";
import { auditHolds } from "./hold-routes.ts";
import { auditLog } from "./log-routes.ts";

export const audit = new Hono<AppEnv>()
  .route("/", auditControl)
  .route("/holds", auditHolds)
  .route("/export", auditExport)
  .route("/", auditLog)
  .route("/", auditEvents);
