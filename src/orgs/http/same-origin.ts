/**
 * Whether a page of ours asks. A browser sends the cookie with whatever any page of this site has it ask, and sibling
 * hosts are of the same site: what says who asks are headers that no page can set (Fetch Metadata; the model is
 * Go's CrossOriginProtection, net/http/csrf.go).
 */
import { fail } from "#platform/errors.ts";

type Origin = "own" | "elsewhere" | "by-hand" | "untold";

/** By-hand: an address that was typed, or a bookmark. Untold: a browser from before 2023, or no browser. */
function originOf({ headers, url }: Request): Origin {
  const site = headers.get("sec-fetch-site");
  if (site !== null) {
    if (site === "same-origin") return "own";
    return site === "none" ? "by-hand" : "elsewhere";
  }
  const origin = headers.get("origin");
  if (origin === null) return "untold";
  return origin === new URL(url).origin ? "own" : "elsewhere";
}

/** Of what a session may be used for: a write is asked for by our own pages, a read by nobody else's. */
export function requireOwnPage(request: Request, { isWrite }: { isWrite: boolean }): void {
  const origin = originOf(request);
  if (origin === "elsewhere" || (isWrite && origin !== "own")) fail({ kind: "cross_site_request" });
}

/** Of a sign-in, which carries its own secret: whoever is no browser may, no page of others may. */
export function refuseOtherPages(request: Request): void {
  const origin = originOf(request);
  if (origin !== "own" && origin !== "untold") fail({ kind: "cross_site_request" });
}
