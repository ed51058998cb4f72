/** What policies may speak of, as a Cedar schema: they are validated against it before they are in force. */
import type { ActionType, SchemaJson, Type, TypeOfAttribute } from "@cedar-policy/cedar-wasm";
import type { SchemaTool } from "#gateway/policy/engine-protocol.ts";
import { memberEntity, pluginEntity } from "#gateway/policy/entity-ids.ts";
import { type InputRecord, type InputType, inputTypeOf } from "#gateway/policy/input-type.ts";

const STRING: TypeOfAttribute<string> = { type: "String" };
const OPTIONAL_STRING: TypeOfAttribute<string> = { type: "String", required: false };
const OPTIONAL_BOOLEAN: TypeOfAttribute<string> = { type: "Boolean", required: false };

/** Nothing that a client says of itself. */
const CONTEXT: Record<string, TypeOfAttribute<string>> = {
  now: { type: "Extension", name: "datetime" },
  protocol: OPTIONAL_STRING,
  tokenId: OPTIONAL_STRING,
  clientId: OPTIONAL_STRING,
};

const PRINCIPAL = { memberOfTypes: ["Group"], tags: STRING };

const ENTITY_TYPES = {
  Group: {},
  User: PRINCIPAL,
  Service: PRINCIPAL,
  Workspace: {},
  Plugin: { memberOfTypes: ["Workspace"] },
  Tool: {
    memberOfTypes: ["Plugin"],
    shape: record({
      name: STRING,
      readOnlyHint: OPTIONAL_BOOLEAN,
      destructiveHint: OPTIONAL_BOOLEAN,
    }),
  },
  Resource: { memberOfTypes: ["Plugin"], shape: record({ uri: STRING }) },
  Prompt: { memberOfTypes: ["Plugin"], shape: record({ name: STRING }) },
};

const ACTIONS: Record<string, ActionType<string>> = {
  // Of tools that no list has, too.
  call: applied(["Tool"], CONTEXT),
  read: applied(["Resource", "Prompt"], CONTEXT),
  list: applied(["Plugin"], CONTEXT),
};

/** With an action of its own for each of the tools, whose input has the types that the tool declares. */
export function policySchema(tools: readonly SchemaTool[]): SchemaJson<string> {
  const own = tools.map(({ workspace, plugin, name, definition }) => {
    const { id } = memberEntity("Mcp::Tool", pluginEntity(workspace, plugin), name);
    const input = attributeType(inputTypeOf(definition));
    const action = { ...applied(["Tool"], { ...CONTEXT, input }), memberOf: [{ id: "call" }] };
    return [id, action] as const;
  });
  return {
    Mcp: { entityTypes: ENTITY_TYPES, actions: { ...ACTIONS, ...Object.fromEntries(own) } },
  };
}

function applied(
  resourceTypes: string[],
  context: Record<string, TypeOfAttribute<string>>,
): ActionType<string> {
  const principalTypes = ["User", "Service"];
  return { appliesTo: { principalTypes, resourceTypes, context: record(context) } };
}

function record(attributes: Record<string, TypeOfAttribute<string>>): {
  type: "Record";
  attributes: Record<string, TypeOfAttribute<string>>;
} {
  return { type: "Record", attributes };
}

function attributeType(type: InputType): Type<string> {
  switch (type.kind) {
    case "string":
      return { type: "String" };
    case "long":
      return { type: "Long" };
    case "boolean":
      return { type: "Boolean" };
    case "decimal":
      return { type: "Extension", name: "decimal" };
    case "set":
      return { type: "Set", element: attributeType(type.element) };
    case "record":
      return record(readableMembers(type));
  }
}

function readableMembers({ members }: InputRecord): Record<string, TypeOfAttribute<string>> {
  const readable = [...members].flatMap(([name, { type, isRequired }]) =>
    type === null ? [] : [[name, { ...attributeType(type), required: isRequired }] as const],
  );
  return Object.fromEntries(readable);
}
