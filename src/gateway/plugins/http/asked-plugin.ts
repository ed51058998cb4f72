/** The plugin that a request's path names. */
import type { Context } from "hono";
import { decodeSegment, isRefusedPlace, placeOfPath } from "#gateway/plugins/place-names.ts";
import type { PluginPlace, StoredPlugin } from "#gateway/plugins/plugin.ts";
import { findStoredPlugin } from "#gateway/plugins/store/plugin-rows.ts";
import type { AppEnv } from "#orgs/http/app-env.ts";
import { fail } from "#platform/errors.ts";

const pathOf = (c: Context<AppEnv>) => new URL(c.req.url).pathname;

/** 400, where one is to be made there. */
export function placeToPut(c: Context<AppEnv>): PluginPlace {
  const place = placeOfPath(pathOf(c));
  if (!isRefusedPlace(place)) return place;
  const errors = [{ pointer: `/${place.segment}`, message: place.message }];
  return fail({ kind: "invalid_request", errors });
}

/** What can be no plugin's place is none's. */
export function placeAsked(c: Context<AppEnv>): PluginPlace {
  const place = placeOfPath(pathOf(c));
  return isRefusedPlace(place) ? fail({ kind: "not_found" }) : place;
}

/** Past the cache: whoever made a change elsewhere must see it. */
export async function pluginAsked(c: Context<AppEnv>): Promise<StoredPlugin> {
  const found = await findStoredPlugin(c.env.DIRECTORY, c.var.org.org, placeAsked(c));
  return found ?? fail({ kind: "not_found" });
}

/** `…/plugins/{plugin}/tools/{tool}/accept` */
export function toolAsked(c: Context<AppEnv>): string {
  return decodeSegment(pathOf(c).split("/")[9]) ?? fail({ kind: "not_found" });
}
