/** What a plugin is registered with: it validates, and is the OpenAPI schema. Compiled when the module loads. */
import * as Type from "typebox";
import { Compile } from "typebox/schema";
import { HEADERS_MAX } from "#streams/stream-header.ts";
import { TIMEOUT_MS, TOOL_CHANGE_RULES } from "./plugin.ts";

const PluginSettingsSchema = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 2_048,
      description:
        "Where the server speaks MCP over Streamable HTTP: a public https URL, without credentials, query and fragment",
    }),
    headers: Type.Optional(
      Type.Unsafe<Record<string, string | null>>({
        type: "object",
        maxProperties: HEADERS_MAX,
        additionalProperties: { type: ["string", "null"] },
        description:
          "Credentials for the server: sealed when stored, sent to the URL's origin alone, never returned: an " +
          "answer names each with null. Null in a request keeps the stored value, as long as scheme, host and " +
          "port stay the same. Absent: none",
      }),
    ),
    timeout_ms: Type.Optional(
      Type.Integer({
        minimum: TIMEOUT_MS.min,
        maximum: TIMEOUT_MS.max,
        default: TIMEOUT_MS.default,
        description: "How long the server may take to begin an answer, and may then be silent",
      }),
    ),
    on_tool_change: Type.Optional(
      Type.Enum([...TOOL_CHANGE_RULES], {
        default: TOOL_CHANGE_RULES[0],
        description:
          "What becomes of a tool whose name, description or schema changes, or that is new since the first whole " +
          "list: `record` writes an audit entry, `quarantine` has calls to it refused besides until somebody " +
          "accepts the definition",
      }),
    ),
    capture_payloads: Type.Optional(
      Type.Unsafe<boolean | null>({
        type: ["boolean", "null"],
        description:
          "Whether arguments and results of its tools' calls are kept, sealed, of an org that is entitled to it. Null, " +
          "or absent: as the org's `payload_capture.gateway` has it. A request with the header `mcpg-payload` is not captured",
      }),
    ),
  },
  { additionalProperties: false, title: "PluginSettings" },
);

export type PluginSettings = Type.Static<typeof PluginSettingsSchema>;
export const pluginSettings = Compile(PluginSettingsSchema);
