/** Policies on the wire. */
import * as Type from "typebox";
import { Compile } from "typebox/schema";
import type { ExplainedDecision, SupposedCall } from "#gateway/policy/check-call.ts";
import type { PolicySet } from "#gateway/policy/policy-set.ts";
import { jsonBody } from "#http/request-body.ts";
import type { PolicyFault } from "#platform/errors.ts";
import { PRINTABLE_TEXT } from "#platform/text-patterns.ts";

const CLOSED = { additionalProperties: false };
const Name = Type.String({ minLength: 1, maxLength: 256, pattern: PRINTABLE_TEXT });

const PolicyRequestSchema = Type.Object(
  {
    policies: Type.String({
      // As many characters as 128 KiB may have; the check counts bytes.
      maxLength: 131_072,
      description:
        "Cedar, at most 128 KiB and 500 policies, with 2,048 characters of patterns (`like`), 256 in one. May be empty: then the default alone decides.",
    }),
    default: Type.Enum(["deny", "permit"], {
      description: "What holds where no policy says anything",
    }),
  },
  { ...CLOSED, title: "PolicyRequest" },
);

/** The text may take six bytes a character in JSON (\u escapes). */
export const policyRequestBody = jsonBody(Compile(PolicyRequestSchema), { bytesMax: 1_048_576 });

const FaultSchema = Type.Object(
  {
    pointer: Type.String(),
    message: Type.String(),
    help: Type.Optional(Type.String()),
    policy_id: Type.Optional(Type.String()),
    line: Type.Optional(Type.Integer({ description: "From 1" })),
    column: Type.Optional(Type.Integer({ description: "From 1, in UTF-16 code units" })),
    offset: Type.Optional(Type.Integer({ description: "In the UTF-8 bytes of the text" })),
    end_offset: Type.Optional(Type.Integer()),
  },
  { title: "PolicyFault" },
);

export const PolicySchema = Type.Object(
  {
    policies: Type.String(),
    default: Type.Enum(["deny", "permit"]),
    hash: Type.String({ description: "SHA-256 of both: what audit entries name as policy_set" }),
  },
  { title: "Policy" },
);

export const ChangedPolicySchema = Type.Object(
  {
    policies: Type.String(),
    default: Type.Enum(["deny", "permit"]),
    hash: Type.String(),
    policy_ids: Type.Array(Type.String(), {
      description: "By @id, else policy0, policy1 and so on, in the order of the text",
    }),
    warnings: Type.Array(FaultSchema),
  },
  { title: "ChangedPolicy" },
);

export function policyJson({ policies, default: defaultEffect, hash }: PolicySet) {
  return { policies, default: defaultEffect, hash };
}

export function changedPolicyJson(
  set: PolicySet,
  ids: readonly string[],
  warnings: readonly PolicyFault[],
) {
  return { ...policyJson(set), policy_ids: [...ids], warnings: [...warnings] };
}

const texts = (description: string) =>
  Type.Optional(
    Type.Unsafe<Record<string, string>>({
      type: "object",
      maxProperties: 100,
      additionalProperties: { type: "string" },
      description,
    }),
  );

const PolicyCheckSchema = Type.Object(
  {
    principal: Type.String({
      minLength: 1,
      maxLength: 256,
      pattern: PRINTABLE_TEXT,
      description: "As entries name it: user:alice@acme is Mcp::User, anything else Mcp::Service",
    }),
    groups: Type.Optional(Type.Array(Name, { maxItems: 256 })),
    tags: texts("Its claims"),
    token_id: Type.Optional(Name),
    client_id: Type.Optional(Name),
    workspace: Name,
    plugin: Name,
    tool: Name,
    arguments: Type.Optional(Type.Unknown()),
  },
  { ...CLOSED, title: "PolicyCheck" },
);
type PolicyCheck = Type.Static<typeof PolicyCheckSchema>;

export const policyCheckBody = jsonBody(Compile(PolicyCheckSchema), { bytesMax: 1_048_576 });

export function supposedCall(body: PolicyCheck): SupposedCall {
  const { principal, groups = [], tags = {}, token_id, client_id, workspace, plugin, tool } = body;
  return {
    principal: principal.normalize("NFC"),
    groups,
    tags,
    tokenId: token_id ?? null,
    clientId: client_id ?? null,
    workspace,
    plugin,
    tool,
    arguments: body.arguments,
  };
}

export const PolicyDecisionSchema = Type.Object(
  {
    decision: Type.Enum(["permit", "deny"]),
    policy_set: Type.String({ description: "The hash, or none" }),
    policies: Type.Array(Type.String(), { description: "Ids of those that decided" }),
    reasons: Type.Array(Type.String(), { description: "Their @reason, or a stable word" }),
    errors: Type.Array(Type.Object({ policy_id: Type.String(), message: Type.String() }), {
      description:
        "Policies that could not be evaluated: a forbid denies then, a permit is passed over",
    }),
  },
  { title: "PolicyDecision" },
);

export function decisionJson({
  isPermitted,
  policySet,
  policies,
  reasons,
  errors,
}: ExplainedDecision) {
  return {
    decision: isPermitted ? ("permit" as const) : ("deny" as const),
    policy_set: policySet,
    policies: [...policies],
    reasons: [...reasons],
    errors: errors.map(({ policy, message }) => ({ policy_id: policy, message })),
  };
}
