/**
 * Everything under /v1/orgs/{org}/audit. Routes with a name of their own come before `/{seq}` and `/{log}`.
 */
import type { AppRoute } from "#orgs/http/access.ts";
import { clockRoutes } from "./clock-routes.ts";
import { controlRoutes } from "./control-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { exportRoutes } from "./export-routes.ts";
import { holdRoutes } from "./hold-routes.ts";
import { logRoutes } from "./log-routes.ts";

export const auditRoutes: readonly AppRoute[] = [
  ...controlRoutes,
  ...clockRoutes,
  ...holdRoutes,
  ...exportRoutes,
  ...logRoutes,
  ...eventRoutes,
];
