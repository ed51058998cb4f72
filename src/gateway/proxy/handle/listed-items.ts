/** A list as its reader may see it: what its plugin answered without what policy or a quarantine keeps from him. */
import { isCallQuarantined, type KnownTools, knownTools } from "#gateway/plugins/known-tools.ts";
import { learnTools } from "#gateway/plugins/learn-tools.ts";
import { permittedNames } from "#gateway/policy/filter-list.ts";
import type { PolicyTarget } from "#gateway/policy/question.ts";
import { withoutItems, withPrivateScope } from "#gateway/proxy/message/cut-items.ts";
import { eraOf } from "#gateway/proxy/message/protocol-version.ts";
import type { RpcAnswer } from "#gateway/proxy/upstream/relay-answer.ts";
import { questionOf } from "./decide-message.ts";
import type { Exchange } from "./exchange.ts";
import { ownTasks } from "./known-tasks.ts";
import type { ListMember } from "./method-rules.ts";
import type { Ruling } from "./rule-message.ts";

type Item = Readonly<Record<string, unknown>>;

/** The answer's text as it is sent; null where it is sent as it came. */
export async function rewriteList(
  x: Exchange,
  { message, verdict }: Ruling,
  member: ListMember,
  answer: RpcAnswer,
): Promise<string | null> {
  const { result, text } = answer;
  const listed = result?.[member];
  if (!Array.isArray(listed)) return null;
  const isWhole = message.params?.["cursor"] === undefined && result?.["nextCursor"] === undefined;
  if (member === "tools") await learnTools(x.env, x.org, x.plugin, listed, isWhole);
  const isShown = await shownIn(x, member, listed);
  const isFiltered = verdict.policySet !== "none" || !listed.every(isShown);
  if (!isFiltered) return null;
  const cut = withoutItems(text, ["result", member], (index) => isShown(listed[index]));
  return withPrivateScope(cut, eraOf(x.version) === "modern");
}

/**
 * Of an answer whose request is not known here: a stream that is resumed brings it again, and some servers write an
 * id otherwise than it came. Whichever lists it has are cut as if they had been asked for.
 */
export async function rewriteAnyList(
  x: Exchange,
  { result, text }: RpcAnswer,
): Promise<string | null> {
  let cut = text;
  for (const member of CUT_MEMBERS) {
    const listed = result?.[member] as Item[] | undefined;
    const isShown = Array.isArray(listed) ? await shownIn(x, member, listed) : null;
    if (isShown === null || listed === undefined || listed.every(isShown)) continue;
    cut = withoutItems(cut, ["result", member], (index) => isShown(listed[index]!));
  }
  return cut === text ? null : cut;
}

const CUT_MEMBERS = ["tools", "resources", "prompts", "tasks"] as const;

async function shownIn(
  x: Exchange,
  member: ListMember,
  listed: readonly Item[],
): Promise<(item: Item) => boolean> {
  const isTools = member === "tools";
  const tools = isTools ? await knownTools(x.env, x.org, x.plugin) : null;
  const permitted = await permittedIn(x, member, listed, tools);
  return (item) => {
    const isPermitted = permitted === "all" || permitted.has(nameOf(item, member));
    return isPermitted && !(isTools && isCallQuarantined(x.plugin, tools, nameOf(item, member)));
  };
}

async function permittedIn(
  x: Exchange,
  member: ListMember,
  listed: readonly Item[],
  tools: KnownTools | null,
): Promise<ReadonlySet<string> | "all"> {
  if (member === "resourceTemplates") return "all";
  // A server has one client, whose all tasks are: ours.
  if (member === "tasks")
    return ownTasks(
      x,
      listed.map((item) => nameOf(item, member)),
    );
  const targets = listed.map((item) => targetOf(nameOf(item, member), member, tools));
  return permittedNames(x.env, questionOf(x), targets);
}

const NAMES: Readonly<Record<ListMember, string>> = {
  tools: "name",
  resources: "uri",
  prompts: "name",
  resourceTemplates: "name",
  tasks: "taskId",
};

function nameOf(item: Item, member: ListMember): string {
  const name = item?.[NAMES[member]];
  return typeof name === "string" ? name : "";
}

function targetOf(name: string, member: ListMember, tools: KnownTools | null): PolicyTarget {
  if (member === "tools") return { kind: "tool", name, tool: tools?.get(name) ?? null };
  return member === "resources" ? { kind: "resource", uri: name } : { kind: "prompt", name };
}
