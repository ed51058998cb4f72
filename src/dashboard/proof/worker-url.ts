/**
 * The one address from which the page starts a worker. Under `require-trusted-types-for 'script'` a text is no
 * address of a script unless a policy says so: this policy, the only one that the CSP names, says it of one text.
 */

/** Of lib.dom of browsers that have Trusted Types, in others absent. */
interface TrustedTypePolicies {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

/** Put in by scripts/build-dashboard.ts: `/assets/proof-worker-<hash>.js`. */
declare const PROOF_WORKER_URL: string;

const POLICY = "mcpg-worker";

let trusted: string | null = null;

/** What `new Worker` takes: a TrustedScriptURL, for which lib.dom has no type yet. */
export function proofWorkerUrl(): string {
  trusted ??= trust(PROOF_WORKER_URL);
  return trusted;
}

/** A policy's name can be taken once: so it is made once, and gives nothing away but this one address. */
function trust(url: string): string {
  const policies = (globalThis as { trustedTypes?: TrustedTypePolicies }).trustedTypes;
  return policies === undefined
    ? url
    : policies.createPolicy(POLICY, { createScriptURL: onlyThat(url) }).createScriptURL(url);
}

export function onlyThat(url: string): (asked: string) => string {
  return (asked) => {
    if (asked === url) return asked;
    throw new TypeError("the one script that this page starts is its proof worker");
  };
}
