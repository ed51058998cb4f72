/**
 * Settings: each is parsed once for an environment, and refused by name, never by value. All of them are
 * checked before the first request that needs any, so that a deployment with a mistake in one says so at
 * once, and not when a signature or a stream is due.
 */
import type { Env } from "./env.ts";
import { fail } from "./errors.ts";

const settings: ((env: Env) => unknown)[] = [];
const sound = new WeakSet<Env>();

/** A setting's reader. `parse` refuses with `refuseSetting`. */
export function setting<Value>(parse: (env: Env) => Value): (env: Env) => Value {
  const known = new WeakMap<Env, { value: Value }>();
  const read = (env: Env): Value => {
    const before = known.get(env);
    if (before !== undefined) return before.value;
    const value = parse(env);
    known.set(env, { value });
    return value;
  };
  settings.push(read);
  return read;
}

export function checkSettings(env: Env): void {
  if (sound.has(env)) return;
  for (const read of settings) read(env);
  sound.add(env);
}

/** A variable or secret that no interface names, as those with a number in their name. */
export function readBinding(env: Env, name: string): unknown {
  return Object.hasOwn(env, name) ? (env as unknown as Record<string, unknown>)[name] : undefined;
}

export function refuseSetting(name: string, problem: string): never {
  return fail({ kind: "misconfigured", setting: name, problem });
}

/** 32 bytes in base64. */
export function parseKey(name: string, value: string | undefined): Uint8Array {
  if (!value) return refuseSetting(name, "is not set");
  if (!/^[A-Za-z0-9+/]{43}=$/.test(value)) return refuseSetting(name, "must be 32 bytes in base64");
  return Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
}

/** Whether this is a Worker on its developer's machine, which only who starts it there knows. */
export const isLocal = setting(({ MCPG_LOCAL = "" }): boolean => {
  if (["", "true", "false"].includes(MCPG_LOCAL)) return MCPG_LOCAL === "true";
  return refuseSetting("MCPG_LOCAL", "must be true or false");
});

const LOCAL_ORIGIN = "mcpg.local";

/**
 * Names the deployment in every checkpoint, for its whole life: so the name that every checkout has is none,
 * and nothing is appended or signed under it by mistake. A checkpoint's origin has no scheme, and its key name
 * neither a space nor a plus (c2sp.org/tlog-checkpoint, c2sp.org/signed-note).
 */
export const originHost = setting((env) => {
  const host = env.MCPG_ORIGIN || LOCAL_ORIGIN;
  if (host === LOCAL_ORIGIN && !isLocal(env)) {
    return refuseSetting(
      "MCPG_ORIGIN",
      "is still mcpg.local: set it to this deployment's host name",
    );
  }
  if (/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:\d{1,5})?$/.test(host)) return host;
  return refuseSetting("MCPG_ORIGIN", "must be a host name in lower case, without a scheme");
});
