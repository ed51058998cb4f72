/** The policy engine's own Worker: Cedar, and nothing that could tell anyone what it was asked. */
import { WorkerEntrypoint } from "cloudflare:workers";
import type {
  EngineQuestion,
  EngineVerdict,
  PolicyEngineRpc,
  SchemaTool,
  TextCheck,
} from "#gateway/policy/engine-protocol.ts";
import { withTurns } from "#platform/slices.ts";
import { answerList } from "./answer-list.ts";
import { CedarInstance } from "./cedar.ts";
import { checkText } from "./check-text.ts";
import { plainFault } from "./policy-outline.ts";
import { PolicySets } from "./policy-sets.ts";

const cedar = new CedarInstance();
const sets = new PolicySets(cedar);

export class PolicyEngine extends WorkerEntrypoint implements PolicyEngineRpc {
  async check(policies: string, tools: readonly SchemaTool[] | null): Promise<TextCheck> {
    try {
      // In an instance of its own: whatever the text does to it, decisions go on in theirs.
      return await withTurns(checkText(new CedarInstance(), policies, tools));
    } catch {
      const message = "could not be evaluated: it is nested too deep, or joins too many conditions";
      return { kind: "refused", faults: [plainFault(message, null, 0)] };
    }
  }

  async answer(question: EngineQuestion): Promise<readonly EngineVerdict[] | null> {
    const { hash, policies, requests, explains } = question;
    const known = sets.find(hash);
    if (known === null && policies === null) return null;
    const set = known ?? sets.add(hash, policies ?? "");
    return answerList({ cedar, sets, explains }, set, requests);
  }
}
