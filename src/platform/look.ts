/** What takes queries to find out, and that anyone may ask for: an isolate looks once in so long. */
import type { Env } from "./env.ts";
import { ExpiringMap } from "./expiring-map.ts";

/** As what `look` finds was `ttlMs` ago at most, in one environment. */
export function lookOnceIn<Seen>(
  ttlMs: number,
  look: (env: Env) => Promise<Seen>,
): (env: Env) => Promise<Seen> {
  const looks = new WeakMap<Env, ExpiringMap<{ seen: Seen }>>();
  return async (env) => {
    const last = looks.get(env) ?? new ExpiringMap<{ seen: Seen }>({ ttlMs, entriesMax: 1 });
    looks.set(env, last);
    const found = await last.getOrLoad("look", Date.now(), async () => ({ seen: await look(env) }));
    return found!.seen;
  };
}
