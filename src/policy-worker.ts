/** The policy engine's Worker (wrangler.policy.toml). */
export { PolicyEngine as default } from "#gateway/policy/engine/policy-engine.ts";
