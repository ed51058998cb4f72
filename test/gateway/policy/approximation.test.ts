/** Random policies, taken in each reading: Cedar itself says whether the approximations err on the right side. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EngineVerdict, PolicyEngineRpc, Reading } from "#gateway/policy/engine-protocol.ts";
import { engineRequest } from "#gateway/policy/engine-request.ts";
import type { Org } from "#orgs/org.ts";
import { workerEnv } from "../../harness/deployment.ts";
import { questionOf, toolOf } from "./supposed-org.ts";

const TOOL = toolOf("t", { a: { type: "boolean" }, n: { type: "integer" } }, ["a", "n"]);
const engine = workerEnv.POLICY as unknown as PolicyEngineRpc;

const condition = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(
      "context.input.a",
      "context.input.n > 5",
      "context.input.n == 0",
      "context has input",
      "context.input has n",
      'principal in Mcp::Group::"dev"',
      'principal in Mcp::Group::"x"',
      'resource == Mcp::Tool::"w/p/t"',
      "true",
      "false",
    ),
    fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => `(${a} && ${b})`),
    fc.tuple(tie("condition"), tie("condition")).map(([a, b]) => `(${a} || ${b})`),
    tie("condition").map((a) => `!(${a})`),
    fc
      .tuple(tie("condition"), tie("condition"), tie("condition"))
      .map(([a, b, c]) => `(if ${a} then ${b} else ${c})`),
  ),
})).condition;

const policy = fc
  .tuple(fc.constantFrom("permit", "forbid"), fc.constantFrom("when", "unless"), condition)
  .map(([effect, kind, body]) => `${effect}(principal, action, resource) ${kind} { ${body} };`);

let sets = 0;

/** Verdicts of one set on arguments that are read exactly, as strictly, and as leniently as may be. */
async function verdicts(policies: string, input: object): Promise<Record<Reading, EngineVerdict>> {
  const question = questionOf({ org: "o" } as Org, {
    target: { kind: "tool", name: "t", tool: TOOL },
    arguments: input,
  });
  const exact = engineRequest(question, { reads: "all", charactersMax: 1_000 })!;
  const { input: _, ...unread } = exact.context as Record<string, never>;
  const requests = [
    exact,
    { ...exact, context: unread, reading: "strictest" as const },
    { ...exact, context: unread, reading: "most_lenient" as const },
  ];
  sets += 1;
  const hash = `approximation-${sets}-${crypto.randomUUID()}`;
  const [one, two, three] = (await engine.answer({ hash, policies, requests, explains: false }))!;
  return { exact: one!, strictest: two!, most_lenient: three! };
}

const isPermitted = ({ kind }: EngineVerdict, fallback: boolean) =>
  kind === "permit" || (kind === "silent" && fallback);

describe("A policy set whose input is not known", () => {
  it("permits nothing that some arguments would not, and shows all that some would be permitted", async () => {
    const input = fc.record({ a: fc.boolean(), n: fc.constantFrom(0, 3, 9) });
    const set = fc.array(policy, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(set, input, async (policies, given) => {
        const { exact, strictest, most_lenient } = await verdicts(policies.join("\n"), given);
        for (const fallback of [false, true]) {
          const [least, is, most] = [strictest, exact, most_lenient].map((verdict) =>
            isPermitted(verdict, fallback),
          );
          expect([least, is, most]).toEqual([least, is || least, is || most]);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is decided upon as ever where no policy reads the input", async () => {
    const { exact, strictest, most_lenient } = await verdicts(
      'permit(principal in Mcp::Group::"dev", action, resource);',
      { a: true, n: 1 },
    );
    expect([strictest, most_lenient]).toEqual([exact, exact]);
  });
});
