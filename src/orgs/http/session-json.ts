/** Who is signed in, on the wire. */
import * as Type from "typebox";
import { Compile } from "typebox/schema";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { actorOf, holdsScope, type Principal, SCOPES } from "#orgs/principal.ts";
import type { WebSession } from "#orgs/web-session/web-session.ts";

const Time = Type.String({ format: "date-time" });

export const SessionSchema = Type.Object(
  {
    principal: Type.Object({
      kind: Type.Enum(["token", "administrator"]),
      id: Type.String(),
      name: Type.String(),
      actor: Type.String({ description: "Under which what is done is recorded" }),
    }),
    org: Type.Unsafe<string | null>({
      type: ["string", "null"],
      description: "Null: every org, by GET /v1/orgs",
    }),
    scopes: Type.Array(Type.Enum([...SCOPES])),
    created_at: Time,
    expires_at: Type.String({ format: "date-time", description: "However much it is used" }),
    idle_expires_at: Type.String({ format: "date-time", description: "Unless it is used before" }),
    server_time: Time,
  },
  { title: "Session" },
);

/** 512 is as long as any token of ours may be. */
const SignInSchema = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 512 }) },
  { additionalProperties: false, title: "SignIn" },
);
export const signInBody = Compile(SignInSchema);

/** `name` is the token's, which the principal does not carry. */
export function sessionJson(
  session: WebSession,
  principal: Principal,
  { name, nowMs }: { name: string; nowMs: number },
): Type.Static<typeof SessionSchema> {
  const isToken = principal.kind === "service-token";
  return {
    principal: {
      kind: isToken ? "token" : "administrator",
      id: isToken ? principal.id : "administrator",
      name,
      actor: actorOf(principal),
    },
    org: session.org,
    scopes: SCOPES.filter((scope) => holdsScope(principal, scope)),
    created_at: formatTimestamp(session.createdAtMs),
    expires_at: formatTimestamp(session.expiresAtMs),
    idle_expires_at: formatTimestamp(session.endsAtMs),
    server_time: formatTimestamp(nowMs),
  };
}
