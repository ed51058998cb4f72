/** Everything under /v1/orgs/{org}/audit. What is named comes before `/{seq}` and `/{log}`. */
import { Hono } from "hono";
import type { AppEnv } from "../app-env.ts";
import { auditControl } from "./control.ts";
import { auditEvents } from "./events.ts";
import { auditExport } from "./export.ts";
import { auditHolds } from "./holds.ts";
import { auditLog } from "./log.ts";

export const audit = new Hono<AppEnv>()
  .route("/", auditControl)
  .route("/holds", auditHolds)
  .route("/export", auditExport)
  .route("/", auditLog)
  .route("/", auditEvents);
