/** Who calls a tool: what policy decides on, and what entries and samples name. */
import { actorOf, type Principal } from "#orgs/principal.ts";

export interface Caller {
  /** The name under which the call is recorded, in NFC, of at most 256 characters. */
  actor: string;
  groups: readonly string[];
  /** The id of the service token; null for a JWT. */
  tokenId: string | null;
  /** The OAuth client as the issuer names it, never as the client names itself. */
  clientId: string | null;
  issuer: string | null;
  /** Texts among a JWT's claims. */
  tags: Readonly<Record<string, string>>;
  /** The same for each credential of one principal, and no other's: what sessions and budgets are bound to. */
  principalKey: string;
  /** Null for a JWT. */
  principal: Principal | null;
}

/** The caller behind a token of ours. */
export function callerOfPrincipal(principal: Principal): Caller {
  const tokenId = principal.kind === "service-token" ? principal.id : null;
  return {
    actor: actorOf(principal),
    groups: [],
    tokenId,
    clientId: null,
    issuer: null,
    tags: {},
    principalKey: tokenId === null ? principal.kind : `token:${tokenId}`,
    principal,
  };
}
