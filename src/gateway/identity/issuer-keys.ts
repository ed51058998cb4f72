/**
 * Issuers' keys, kept in the isolate. Whoever holds no token at all can name a key that is not there, so how
 * often an issuer is asked does not depend on what is sent: by one request at a time, and for a key that is
 * missing at most once a minute.
 *
 * No promise is shared: a request of workerd must not wait for what another began, which ends with that one.
 * The others look from time to time whether the keys are there.
 */
import { createLocalJWKSet } from "jose";
import { fail } from "#platform/errors.ts";
import type { Send } from "#platform/outgoing/post.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "#platform/time.ts";
import type { EndpointRules } from "#streams/endpoint.ts";
import { fetchSigningKeys, LOAD_MS_MAX } from "./issuer-metadata.ts";

export type KeySet = ReturnType<typeof createLocalJWKSet>;

export interface IssuerAccess {
  rules: EndpointRules;
  send: Send;
  /** Has the work go on though the client leaves: or strangers who leave at once would keep everyone waiting. */
  waitUntil: (work: Promise<unknown>) => void;
}

interface KnownIssuer {
  keys: KeySet | null;
  loadedAtMs: number;
  /** When a load began last, however it went. */
  triedAtMs: number;
  isLoading: boolean;
}

/** A key that the issuer withdrew is good for no longer than this, as long as it can be asked. */
const FRESH_MS = 10 * MINUTE_MS;
/** While it cannot be asked its keys are good for longer: an hour's outage of an issuer is none of ours. */
const KEPT_MS = HOUR_MS;
const RETRY_MS = MINUTE_MS;
/** Without keys nobody gets in: there it is tried sooner. */
const RETRY_WITHOUT_KEYS_MS = 10 * SECOND_MS;
/** An isolate may have a request end while it loads, which says so nowhere. */
const LOADING_MS_MAX = LOAD_MS_MAX + SECOND_MS;
const LOOK_MS = 25;

/** Of 64 keys of 800 bytes at most: 13 MB of an isolate's 128. */
const ISSUERS_KEPT_MAX = 256;
const issuers = new Map<string, KnownIssuer>();

/** Fails with `issuer_unavailable` where there are none to be had. */
export async function issuerKeys(issuer: string, access: IssuerAccess): Promise<KeySet> {
  const known = knownIssuer(issuer);
  const nowMs = Date.now();
  if (known.keys !== null && isWithin(known.loadedAtMs, FRESH_MS, nowMs)) return known.keys;
  const kept = isWithin(known.loadedAtMs, KEPT_MS, nowMs) ? known.keys : null;
  const retryMs = kept === null ? RETRY_WITHOUT_KEYS_MS : RETRY_MS;
  if (isUnderWay(known, nowMs)) return kept ?? loadedByAnother(known);
  if (isWithin(known.triedAtMs, retryMs, nowMs)) return kept ?? unavailable();
  return (await load(issuer, known, access)) ?? kept ?? unavailable();
}

/** Asked for anew, for a key was not among them; null where they were asked for within the last minute. */
export async function renewedKeys(issuer: string, access: IssuerAccess): Promise<KeySet | null> {
  const known = knownIssuer(issuer);
  const nowMs = Date.now();
  if (isUnderWay(known, nowMs) || isWithin(known.triedAtMs, RETRY_MS, nowMs)) return null;
  return load(issuer, known, access);
}

function load(issuer: string, known: KnownIssuer, access: IssuerAccess): Promise<KeySet | null> {
  known.triedAtMs = Date.now();
  known.isLoading = true;
  const loading = loadKeys(issuer, known, access);
  access.waitUntil(loading);
  return loading;
}

async function loadKeys(
  issuer: string,
  known: KnownIssuer,
  { rules, send }: IssuerAccess,
): Promise<KeySet | null> {
  const beganAtMs = known.triedAtMs;
  try {
    const set = await fetchSigningKeys(issuer, rules, send);
    if (set === null) return null;
    known.keys = createLocalJWKSet(set);
    // Age counts from before the read.
    known.loadedAtMs = beganAtMs;
    return known.keys;
  } catch {
    // The library's word for what is no set of keys.
    return null;
  } finally {
    known.isLoading = false;
  }
}

async function loadedByAnother(known: KnownIssuer): Promise<KeySet> {
  const { loadedAtMs } = known;
  for (let looks = 0; known.isLoading && looks * LOOK_MS < LOADING_MS_MAX; looks++) {
    await scheduler.wait(LOOK_MS);
  }
  return known.keys !== null && known.loadedAtMs !== loadedAtMs ? known.keys : unavailable();
}

function unavailable(): never {
  const retryAfterSeconds = RETRY_WITHOUT_KEYS_MS / SECOND_MS;
  return fail({ kind: "issuer_unavailable", retryAfterSeconds });
}

function isUnderWay({ isLoading, triedAtMs }: KnownIssuer, nowMs: number): boolean {
  return isLoading && isWithin(triedAtMs, LOADING_MS_MAX, nowMs);
}

/** What lies in the future was noted by a clock that was ahead. */
function isWithin(atMs: number, ms: number, nowMs: number): boolean {
  return atMs <= nowMs && nowMs - atMs < ms;
}

/** Who was met first makes room. */
function knownIssuer(issuer: string): KnownIssuer {
  const known = issuers.get(issuer);
  if (known !== undefined) return known;
  const [oldest] = issuers.keys();
  if (issuers.size >= ISSUERS_KEPT_MAX && oldest !== undefined) issuers.delete(oldest);
  const never = Number.NEGATIVE_INFINITY;
  const fresh = { keys: null, loadedAtMs: never, triedAtMs: never, isLoading: false };
  issuers.set(issuer, fresh);
  return fresh;
}
