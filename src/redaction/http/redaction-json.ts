/** What an org has redacted, on the wire. */
import * as Type from "typebox";
import { Compile } from "typebox/schema";
import {
  DEFAULT_REDACTION,
  REDACTED_FIELDS,
  type RedactionRule,
  type RedactionSettings,
} from "#orgs/redaction-settings.ts";
import { PRINTABLE_TEXT } from "#platform/text-patterns.ts";
import { PATH_LENGTH_MAX } from "#redaction/json-path.ts";

const CLOSED = { additionalProperties: false };
const Name = Type.Optional(Type.String({ minLength: 1, maxLength: 128, pattern: PRINTABLE_TEXT }));

const RuleSchema = Type.Object(
  {
    workspace: Name,
    plugin: Name,
    tool: Name,
    fields: Type.Optional(
      Type.Array(Type.Enum([...REDACTED_FIELDS]), {
        minItems: 1,
        uniqueItems: true,
        description: "Absent: all of them",
      }),
    ),
    paths: Type.Array(Type.String({ minLength: 1, maxLength: PATH_LENGTH_MAX }), {
      minItems: 1,
      maxItems: 64,
      description: "RFC 9535, of it `$` `.name` `['name']` `[3]` `[*]` `.*` `..name` `..*`",
    }),
  },
  { ...CLOSED, title: "RedactionRule" },
);

export const RedactionSchema = Type.Object(
  {
    detect_secrets: Type.Optional(
      Type.Boolean({
        description: "Texts are searched for what looks like a secret; default true",
      }),
    ),
    redact_details: Type.Optional(
      Type.Boolean({
        description: "The details of reported audit events are redacted too; default false",
      }),
    ),
    rules: Type.Optional(Type.Array(RuleSchema, { maxItems: 64 })),
  },
  { ...CLOSED, title: "Redaction" },
);

type RedactionBody = Type.Static<typeof RedactionSchema>;

export const redactionBody = Compile(RedactionSchema);

export function redactionSettingsOf(body: RedactionBody): RedactionSettings {
  return {
    detectsSecrets: body.detect_secrets ?? DEFAULT_REDACTION.detectsSecrets,
    redactsDetails: body.redact_details ?? DEFAULT_REDACTION.redactsDetails,
    rules: (body.rules ?? []).map(ruleOf),
  };
}

/** Names are compared with those of calls, which are composed. */
function ruleOf({ workspace, plugin, tool, fields, paths }: RedactionRule): RedactionRule {
  return {
    ...(workspace !== undefined && { workspace: workspace.normalize("NFC") }),
    ...(plugin !== undefined && { plugin: plugin.normalize("NFC") }),
    ...(tool !== undefined && { tool: tool.normalize("NFC") }),
    ...(fields !== undefined && { fields }),
    paths,
  };
}

export function redactionJson(settings: RedactionSettings): RedactionBody {
  return {
    detect_secrets: settings.detectsSecrets,
    redact_details: settings.redactsDetails,
    rules: settings.rules.map((rule) => ({
      ...rule,
      ...(rule.fields && { fields: [...rule.fields] }),
      paths: [...rule.paths],
    })) as NonNullable<RedactionBody["rules"]>,
  };
}
