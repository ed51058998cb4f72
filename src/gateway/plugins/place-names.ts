/**
 * Names of workspaces, plugins and tools as paths have them. A name stands for itself in policies and targets,
 * `workspace/plugin/tool`, so that no two places may have one text, and none may be two places to two readers of
 * a URL.
 */
import type { PluginPlace } from "./plugin.ts";

/** As in samples: longer ones could not be counted. */
export const NAME_LENGTH_MAX = 128;

// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f]/;

/** Of calls that are counted together (src/calls/series.ts). */
const COUNTED_TOGETHER = /^__(other|unknown)__$/;

/** What is wrong with the name of a workspace or a plugin; null if nothing is. */
export function refusePlaceName(name: string): string | null {
  if (/[/\\]/.test(name)) return "must have no slash";
  if (COUNTED_TOGETHER.test(name)) return "is reserved";
  return refuseToolName(name);
}

/** Tools are named by their servers: what a sample could not name, or a path, is no tool that we know. */
export function refuseToolName(name: string): string | null {
  if (name === "" || name.length > NAME_LENGTH_MAX) {
    return `must have 1 to ${NAME_LENGTH_MAX} characters`;
  }
  if (UNPRINTABLE.test(name) || !name.isWellFormed()) return "must be printable";
  // A URL's reader takes them out of the path.
  if (name === "." || name === "..") return "must not be dots alone";
  return null;
}

/** What is wrong, told of the segment that it is wrong with. */
export interface RefusedPlace {
  readonly segment: keyof PluginPlace;
  readonly message: string;
}

/**
 * The place that the path of a URL names: `/v1/orgs/{org}/workspaces/{workspace}/plugins/{plugin}` and whatever
 * follows. Each segment is decoded once and wholly, so that a name has one meaning.
 */
export function placeOfPath(pathname: string): PluginPlace | RefusedPlace {
  const segments = pathname.split("/");
  const workspace = decodeSegment(segments[5]);
  const plugin = decodeSegment(segments[7]);
  const refused = refusal("workspace", workspace) ?? refusal("plugin", plugin);
  return refused ?? { workspace: workspace!, plugin: plugin! };
}

export function isRefusedPlace(place: PluginPlace | RefusedPlace): place is RefusedPlace {
  return "segment" in place;
}

function refusal(segment: keyof PluginPlace, name: string | null): RefusedPlace | null {
  const message = name === null ? "is not percent-encoded UTF-8" : refusePlaceName(name);
  if (message !== null) return { segment, message };
  // One name, one text: two that look alike to everybody are no two places.
  return name === name!.normalize("NFC") ? null : { segment, message: "must be NFC" };
}

/** Null where the segment is not UTF-8, percent-encoded. */
export function decodeSegment(segment: string | undefined): string | null {
  if (segment === undefined || /%(?![0-9A-Fa-f]{2})/.test(segment)) return null;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
