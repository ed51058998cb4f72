/** Who is calling, and what that lets them do. Pure: authentication has happened. */

export const SCOPES = [
  "telemetry:write",
  "telemetry:read",
  "metrics:read",
  "audit:write",
  "audit:read",
  "payloads:read",
  "payloads:grant",
  "tools:call",
  "org:admin",
] as const;
export type Scope = (typeof SCOPES)[number];

export type Principal =
  | { kind: "administrator" }
  | { kind: "metrics-reader" }
  | {
      kind: "service-token";
      id: string;
      org: string;
      scopes: readonly Scope[];
      /** As given when the token was made; null stands for `service:<id>`. */
      actor: string | null;
    };

/** A service token reaches its own org only: any other is, to it, not there. */
export function reachesOrg(principal: Principal, org: string): boolean {
  return principal.kind !== "service-token" || principal.org === org;
}

/**
 * The administrator may do everything but view payloads, so that running the deployment does not
 * mean reading its tenants' data.
 */
export function holdsScope(principal: Principal, scope: Scope): boolean {
  switch (principal.kind) {
    case "administrator":
      return scope !== "payloads:read";
    case "metrics-reader":
      return scope === "metrics:read";
    case "service-token":
      return principal.scopes.includes(scope);
  }
}

/**
 * What it takes to make a token with that scope. Who runs an org does not for that see its payloads, nor decide who
 * does: both are given by who holds `payloads:grant`, and by the administrator first.
 */
export function grantingScope(scope: Scope): Scope {
  return scope === "payloads:read" || scope === "payloads:grant" ? "payloads:grant" : "org:admin";
}

/** The id of a token whose name, given when it was made, does not show it; else null. */
export function hiddenTokenId(principal: Principal): string | null {
  return principal.kind === "service-token" && principal.actor !== null ? principal.id : null;
}

/** The name under which a principal's acts are recorded. */
export function actorOf(principal: Principal): string {
  switch (principal.kind) {
    case "administrator":
      return "operator:admin";
    case "metrics-reader":
      return "operator:metrics";
    case "service-token":
      return principal.actor ?? `service:${principal.id}`;
  }
}
