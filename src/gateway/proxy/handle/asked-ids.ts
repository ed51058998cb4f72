/**
 * The ids of what a server asks its client: sent on with a proof that it was asked, in this session and of this
 * caller, which the answer carries back. So an answer that nobody asked for is known as such in any isolate, with
 * nothing kept.
 */
import { decodeBase64, encodeBase64 } from "#formats/base64.ts";
import { withId, withRequestId } from "#gateway/proxy/message/edit-id.ts";
import type { RequestId } from "#gateway/proxy/message/judge-body.ts";
import type { RpcOther } from "#gateway/proxy/upstream/relay-answer.ts";
import { digestsEqual } from "#orgs/service-token.ts";
import { macOf, macsOf } from "#vault/mac.ts";
import type { Exchange } from "./exchange.ts";

/** 128 bits: nobody guesses one in the life of a session. */
const PROOF_BYTES = 16;
const PREFIX = "mcpg.";

const utf8 = new TextEncoder();

/**
 * A request, or what a server says of one that it made, as its client gets it; null where it stays as it came.
 */
export async function askedOther(x: Exchange, { method, id, params, text }: RpcOther) {
  if (id !== null) return withId(text, JSON.stringify(await askedId(x, JSON.stringify(id))));
  if (method !== "notifications/cancelled") return null;
  const { requestId } = params ?? {};
  const isId = typeof requestId === "string" || typeof requestId === "number";
  if (!isId) return null;
  return withRequestId(text, JSON.stringify(await askedId(x, JSON.stringify(requestId))));
}

/** The same for the same id, so that what a server says of its request later names it too. */
async function askedId(x: Exchange, idText: string): Promise<string> {
  const mac = await macOf(x.env, "askedId", x.org.org, saidOf(x, idText));
  return `${PREFIX}${proofOf(mac)}.${encodeBase64(utf8.encode(idText))}`;
}

/** The id's text as the server gave it; null where nobody asked. */
export async function askedIdText(x: Exchange, id: RequestId): Promise<string | null> {
  if (typeof id !== "string" || !id.startsWith(PREFIX)) return null;
  const [proof, encoded = "", ...rest] = id.slice(PREFIX.length).split(".");
  const bytes = decodeBase64(encoded);
  if (bytes === null || rest.length > 0) return null;
  const idText = new TextDecoder().decode(bytes);
  const macs = await macsOf(x.env, "askedId", x.org.org, saidOf(x, idText));
  return macs.some((mac) => digestsEqual(proof ?? "", proofOf(mac))) ? idText : null;
}

function saidOf({ caller, plugin, session }: Exchange, idText: string): string {
  const place = [plugin.workspace, plugin.plugin, caller.principalKey, session?.upstreamId ?? null];
  return JSON.stringify([...place, idText]);
}

function proofOf(mac: Uint8Array): string {
  return encodeBase64(mac.subarray(0, PROOF_BYTES));
}
