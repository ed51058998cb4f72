/** Signing in to the dashboard with a token, who one is there, and signing out. */
import type { Context } from "hono";
import { jsonBody } from "#http/request-body.ts";
import { lookUpServiceToken } from "#orgs/directory.ts";
import type { Principal } from "#orgs/principal.ts";
import {
  ledgerOfSession,
  type SignedInPrincipal,
  signIn,
  signOut,
} from "#orgs/web-session/sign-in.ts";
import { countSignIn, networkOf, requireSignInsLeft } from "#orgs/web-session/sign-in-limit.ts";
import type { WebSession } from "#orgs/web-session/web-session.ts";
import type { Env } from "#platform/env.ts";
import { fail } from "#platform/errors.ts";
import { checkSettings } from "#platform/settings.ts";
import { type AppRoute, route } from "./access.ts";
import type { AppEnv } from "./app-env.ts";
import { principalOf } from "./authenticate.ts";
import { operatorOf } from "./operator-of.ts";
import { refuseOtherPages } from "./same-origin.ts";
import { endedCookie, sessionCookie } from "./session-cookie.ts";
import { SessionSchema, sessionJson, signInBody } from "./session-json.ts";

const PATH = "/v1/session";
/** A token of 512 characters, and as much again. */
const LIMIT = { bytesMax: 1_024 };

export const sessionRoutes: readonly AppRoute[] = [
  route(
    {
      method: "post",
      path: PATH,
      operationId: "signIn",
      summary: "Sign in to the dashboard",
      description:
        "Takes a service token, or the administrator's, and sets the cookie of a session: what a page of this " +
        "service then asks for, it asks for as that token. A session ends with its token, 30 minutes after it was " +
        "last used (requests with `X-MCPG-Poll` do not count), and 12 hours after it began; the administrator's " +
        "after one hour. It is used by the service's own pages alone, and never to send telemetry or audit " +
        "events, to call tools or to scrape. Signing in and out are entries of the org's audit log, the " +
        "administrator's of `default`'s.",
      scope: null,
      body: jsonBody(signInBody, LIMIT),
      answers: { 204: { description: "Signed in: the answer sets a cookie" } },
      problems: [401, 403, 429],
    },
    async (c, { body }) => {
      const { env } = c;
      checkSettings(env);
      refuseOtherPages(c.req.raw);
      const nowMs = Date.now();
      const principal = await principalSigningIn(c, body.token, nowMs);
      c.set("principal", principal);
      const deed = operatorOf(c, ledgerOfSession(orgOf(principal)));
      const signedIn = await signIn(env, principal, deed, nowMs);
      if (signedIn === null) return fail({ kind: "unauthenticated" });
      return answered(c, sessionCookie(signedIn.secret, { env, url: c.req.url }));
    },
  ),
  route(
    {
      method: "get",
      path: PATH,
      operationId: "getSession",
      summary: "Who is signed in",
      scope: "session",
      answers: {
        200: { description: "The session", content: { "application/json": SessionSchema } },
      },
    },
    async (c) => {
      const { principal } = c.var;
      const nowMs = Date.now();
      const name = await nameOf(c.env, principal, nowMs);
      return c.json(sessionJson(sessionOf(c), principal, { name, nowMs }));
    },
  ),
  route(
    {
      method: "delete",
      path: PATH,
      operationId: "signOut",
      summary: "Sign out of the dashboard",
      description: "At once here, within 60 s everywhere.",
      scope: "session",
      answers: {
        204: { description: "Signed out: the browser drops the cookie and what it cached" },
      },
    },
    async (c) => {
      const session = sessionOf(c);
      await signOut(c.env, session, operatorOf(c, ledgerOfSession(session.org)));
      c.header("clear-site-data", '"cache"');
      return answered(c, endedCookie({ env: c.env, url: c.req.url }));
    },
  ),
];

/** Who the token is, of whom too many failed or began of late is refused before anything is looked up. */
async function principalSigningIn(
  c: Context<AppEnv>,
  token: string,
  nowMs: number,
): Promise<SignedInPrincipal> {
  const failed = { kind: "failed", of: networkOf(c.req.header("cf-connecting-ip")) } as const;
  requireSignInsLeft(failed, nowMs);
  const principal = await principalOf(c.env, token, nowMs);
  if (principal === null || principal.kind === "metrics-reader") {
    countSignIn(failed, nowMs);
    return fail({ kind: "unauthenticated" });
  }
  const made = { kind: "made", of: idOf(principal) } as const;
  requireSignInsLeft(made, nowMs);
  countSignIn(made, nowMs);
  return principal;
}

function idOf(principal: SignedInPrincipal): string {
  return principal.kind === "service-token" ? principal.id : principal.kind;
}

function orgOf(principal: SignedInPrincipal): string | null {
  return principal.kind === "service-token" ? principal.org : null;
}

/** `authorise` sets it where a route asks for one. */
function sessionOf(c: Context<AppEnv>): WebSession {
  return c.var.session ?? fail({ kind: "unauthenticated" });
}

async function nameOf(env: Env, principal: Principal, nowMs: number): Promise<string> {
  if (principal.kind !== "service-token") return "administrator";
  const token = await lookUpServiceToken(env, principal.id, nowMs);
  return token?.name ?? principal.id;
}

function answered(c: Context<AppEnv>, cookie: string): Response {
  c.header("set-cookie", cookie);
  return c.body(null, 204);
}
