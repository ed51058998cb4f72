/** What an org's gateway permits. */
import { changePolicy } from "#gateway/policy/change-policy.ts";
import { checkCall } from "#gateway/policy/check-call.ts";
import { findPolicy } from "#gateway/policy/store/policies.ts";
import { type AppRoute, route } from "#orgs/http/access.ts";
import { operatorOf } from "#orgs/http/operator-of.ts";
import { fail } from "#platform/errors.ts";
import {
  ChangedPolicySchema,
  changedPolicyJson,
  decisionJson,
  PolicyDecisionSchema,
  PolicySchema,
  policyCheckBody,
  policyJson,
  policyRequestBody,
  supposedCall,
} from "./policy-body.ts";

const PATH = "/v1/orgs/:org/policy";

const ENTITIES =
  'Principals are `Mcp::User::"user:alice@acme"` (other actors `Mcp::Service`), in `Mcp::Group`s, their claims as ' +
  'tags. Tools are `Mcp::Tool::"<workspace>/<plugin>/<tool>"` in `Mcp::Plugin::"<workspace>/<plugin>"` in ' +
  '`Mcp::Workspace::"<workspace>"`; a `/` or `%` in the name of a workspace or plugin is `%2F` or `%25`. Actions are ' +
  '`Mcp::Action::"call"`, `"read"` (resources, prompts) and `"list"`; each known tool has its own, ' +
  '`"<workspace>/<plugin>/<tool>"` in `"call"`, with `context.input` typed as its inputSchema says: so `action in ' +
  'Mcp::Action::"call"` is every call, `==` only those of tools that no list has. The context has `now`, and where ' +
  "they are known `protocol`, `tokenId` and `clientId`. ";

export const policyRoutes: readonly AppRoute[] = [
  route(
    {
      method: "get",
      path: PATH,
      operationId: "getPolicy",
      summary: "What the gateway permits",
      description:
        "404 until a policy is set: until then whoever has `tools:call` may call every tool.",
      scope: "org:admin",
      answers: {
        200: { description: "The policy", content: { "application/json": PolicySchema } },
      },
    },
    async (c) => {
      const { set } = await findPolicy(c.env.DIRECTORY, c.var.org.org);
      return c.json(policyJson(set ?? fail({ kind: "not_found" })));
    },
  ),
  route(
    {
      method: "put",
      path: PATH,
      operationId: "changePolicy",
      summary: "Set what the gateway permits, in Cedar",
      description:
        `${ENTITIES}A forbid overrides every permit. A forbid that cannot be evaluated denies, and so does one that ` +
        "reads arguments where the call's are not what the tool declares; a permit permits nothing then. Policies " +
        "are named by `@id`, and their `@reason` is what a decision tells; annotations that ask for more than these " +
        "are refused. Replaces all, in force within 30 s everywhere; 400 `invalid_policy` with the place of each " +
        "error where the text does not parse or validate. Patterns (`like`) have 16,384 characters behind their " +
        "wildcards in all at most, and the more they have, the shorter are the texts that are decided about: from " +
        "262,144 characters down to 2,048; longer ones are not what the tool declares.",
      scope: "org:admin",
      body: policyRequestBody,
      answers: {
        200: {
          description: "The policy as changed",
          content: { "application/json": ChangedPolicySchema },
        },
      },
      problems: [409],
    },
    async (c, { body }) => {
      const { org } = c.var;
      const by = { ...operatorOf(c, org.org), requestId: c.var.requestId };
      const { set, ids, warnings } = await changePolicy(c.env, org, body, by);
      return c.json(changedPolicyJson(set, ids, warnings));
    },
  ),
  route(
    {
      method: "post",
      path: `${PATH}/check`,
      operationId: "checkPolicy",
      summary: "What the policy would say to a call",
      description:
        "Calls nothing and records nothing. `errors` may quote the arguments of the request.",
      scope: "org:admin",
      body: policyCheckBody,
      answers: {
        200: {
          description: "The decision, and why",
          content: { "application/json": PolicyDecisionSchema },
        },
      },
    },
    async (c, { body }) =>
      c.json(decisionJson(await checkCall(c.env, c.var.org, supposedCall(body)))),
  ),
];
