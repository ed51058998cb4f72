/** A plugin's tools on the wire. */
import * as Type from "typebox";
import { Compile } from "typebox/schema";
import { formatTimestamp } from "#formats/rfc3339.ts";
import { toolState } from "#gateway/plugins/known-tools.ts";
import type { ListedTool } from "#gateway/plugins/store/tool-rows.ts";
import { parseJsonBody } from "#http/read-body.ts";
import type { RequestBody } from "#http/request-body.ts";
import { validate } from "#http/validate.ts";

const HASH = { type: "string", pattern: "^[0-9a-f]{64}$" } as const;
const State = Type.Enum(["active", "quarantined", "gone"], {
  description: "`quarantined` until somebody accepts the definition, though the tool be gone",
});

const ToolSchema = Type.Object(
  {
    name: Type.String(),
    hash: Type.Unsafe<string>({
      ...HASH,
      description:
        "SHA-256 of the definition as canonical JSON (RFC 8785): name, title, description, inputSchema, " +
        "outputSchema and annotations, as far as there are any",
    }),
    state: State,
    fault: Type.Unsafe<string | null>({
      type: ["string", "null"],
      description:
        "Why the definition cannot be pinned, and so cannot be accepted: `named_twice`, `too_deep`, " +
        "`lone_surrogate`, `no_room` (a tool has 256 KiB, all of a plugin's 1 MiB)",
    }),
    first_seen_at: Type.String({ format: "date-time" }),
    last_seen_at: Type.String({
      format: "date-time",
      description: "In a list, to the hour",
    }),
    definition: Type.Unsafe<Record<string, unknown>>({ type: "object" }),
  },
  { title: "PluginTool" },
);

export const ToolsSchema = Type.Object({
  tools: Type.Array(ToolSchema),
  next_cursor: Type.Unsafe<string | null>({ type: ["string", "null"] }),
});

export const AcceptedToolSchema = Type.Object(
  { tool: Type.String(), hash: Type.Unsafe<string>(HASH), state: State },
  { title: "AcceptedTool" },
);

export function toolJson(tool: ListedTool): Type.Static<typeof ToolSchema> {
  return {
    name: tool.name,
    hash: tool.hash,
    state: toolState(tool),
    fault: tool.fault,
    first_seen_at: formatTimestamp(tool.firstSeenMs),
    last_seen_at: formatTimestamp(tool.lastSeenMs),
    definition: JSON.parse(tool.definition),
  };
}

const AcceptSchema = Type.Object(
  {
    hash: Type.Optional(
      Type.Unsafe<string>({
        ...HASH,
        description:
          "Of the definition that was read: another one that came meanwhile is not accepted (409). Absent: " +
          "whichever there is",
      }),
    ),
  },
  { additionalProperties: false, title: "ToolAcceptance" },
);
const acceptance = Compile(AcceptSchema);

/** `{"hash": …}` and a little white space. */
const ACCEPTANCE_BYTES_MAX = 1_024;

/** A request without a body accepts whatever there is. */
export const acceptanceBody: RequestBody<Type.Static<typeof AcceptSchema>> = {
  content: { "application/json": AcceptSchema },
  read: async (request, onBytes) => {
    if (request.body === null) return {};
    const limit = { bytesMax: ACCEPTANCE_BYTES_MAX, onBytes };
    return validate(acceptance, await parseJsonBody(request, limit));
  },
};
