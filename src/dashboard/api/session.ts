/** Who is signed in. The page itself needs nobody: it is fetched without the cookie when a link brings one here. */
import { signal } from "@preact/signals";
import { forgetText, keepText, keptText } from "./kept-text.ts";
import type { Problem } from "./problem.ts";
import { request } from "./request.ts";

export interface Session {
  readonly principal: {
    readonly kind: "token" | "administrator";
    readonly id: string;
    readonly name: string;
    readonly actor: string;
  };
  /** Null for who may see every org. */
  readonly org: string | null;
  readonly scopes: readonly string[];
  readonly created_at: string;
  readonly expires_at: string;
  readonly idle_expires_at: string;
  readonly server_time: string;
}

export type SignedIn =
  | { readonly state: "unknown" }
  | { readonly state: "out" }
  | { readonly state: "in"; readonly session: Session }
  | { readonly state: "failed"; readonly problem: Problem };

export const signedIn = signal<SignedIn>({ state: "unknown" });

/** What could be read by who was signed in when this browser last heard. */
const WAS_IN = "mcpg.signed-in";
const scopesBefore = keptText(WAS_IN)?.split(" ") ?? null;
signedIn.subscribe((now) => {
  if (now.state === "in") keepText(WAS_IN, now.session.scopes.join(" "));
  if (now.state === "out") forgetText(WAS_IN);
});

function scopesTakenToBe(): readonly string[] | null {
  const { value } = signedIn;
  if (value.state === "in") return value.session.scopes;
  return value.state === "unknown" ? scopesBefore : null;
}

/**
 * Who was signed in when this browser last heard is taken to be, until the server says otherwise: views ask at once,
 * not after the answer to who asks. Nothing is shown by it but what the server answers.
 */
export function isTakenToBeIn(): boolean {
  return scopesTakenToBe() !== null;
}

/** What a page asks for nothing of, it need not ask the server to refuse. */
export function mayRead(what: "telemetry" | "audit"): boolean {
  return scopesTakenToBe()?.includes(`${what}:read`) ?? false;
}

/** Asked as a poll it is not kept alive by that. */
export async function loadSession({ isPoll = false } = {}): Promise<void> {
  const reply = await request<Session>("/v1/session", { isPoll });
  if (reply.ok) signedIn.value = { state: "in", session: reply.data };
  else if (reply.problem.status === 401) signedIn.value = { state: "out" };
  // Who was in is not put out by an answer that did not come.
  else if (signedIn.value.state !== "in") {
    signedIn.value = { state: "failed", problem: reply.problem };
  }
}

/** The token goes to the server once and is kept nowhere here. Null is success. */
export async function signIn(token: string): Promise<Problem | null> {
  const reply = await request("/v1/session", { method: "POST", body: { token } });
  if (!reply.ok) return reply.problem;
  await loadSession();
  return null;
}

export async function signOut(): Promise<Problem | null> {
  const reply = await request("/v1/session", { method: "DELETE" });
  if (!reply.ok && reply.problem.status !== 401) return reply.problem;
  signedIn.value = { state: "out" };
  return null;
}
