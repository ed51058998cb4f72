/**
 * A text as it is looked into: the JSON that it holds, the texts within that, the JSON in these, and so on. Each is a
 * layer, with its texts in the order in which they were found.
 */
import { base64RunsOf } from "./base64-runs.ts";
import { type PathStep, stepInto } from "./path-states.ts";

/** What stands in place of what was taken out. */
export const REDACTED = "[redacted]";
/** And of a whole. */
export const REDACTED_JSON = JSON.stringify(REDACTED);
/** And in place of a name, where the secret was that: one that details of an event may have too. */
export const REDACTED_NAME = "redacted";

/**
 * A payload's text, its JSON, base 64 in that, the JSON in it, a text's JSON in that: what is a layer deeper is searched as
 * it stands. Each is smaller by a quarter at least than the one that it lies in.
 */
const LAYERS_MAX = 6;
/** The shortest name in which a secret is found. */
const NAME_LENGTH_MIN = 8;

export type Holder = Record<string | number, unknown>;

export interface Hit {
  readonly start: number;
  readonly end: number;
  readonly mark: string;
}

export interface HeldText {
  readonly holder: Holder;
  readonly key: string | number;
  /** `name: ` of a member, which is looked at with its value: some secrets are known by their name alone. */
  readonly name: string;
  /** Null: of the member its name alone is a text. */
  readonly text: string | null;
  /** Places in `text` that are to go. */
  readonly hits: Hit[];
  /** The text anew, once the JSON in it was changed. */
  rewritten: string | null;
  isNameHit: boolean;
  /** False of a whole that is JSON: its texts are searched, and it stays JSON. */
  isSearched: boolean;
}

export interface Layer {
  readonly root: Holder;
  readonly texts: HeldText[];
  isChanged: boolean;
  /** How many names were given anew, so that two are never one. */
  renames: number;
  /** Tells the text around it that the layer is changed. */
  readonly tell: (root: unknown) => void;
}

/** What is looked at within a layer: where it stands, and how far the paths have come. */
interface WithinLayer {
  readonly holder: Holder;
  readonly key: string | number;
  readonly step: PathStep;
}

/** How many places may yet be held against paths: a member, and a path that may lead there. */
export interface PathSteps {
  left: number;
}

export class TextLayers {
  /** A layer stands behind the one that it lies in. */
  readonly layers: Layer[] = [];
  /** Not all was looked at. */
  isBrokenOff = false;
  readonly #steps: PathSteps;

  constructor(steps: PathSteps) {
    this.#steps = steps;
  }

  /** However deep the value is: what is still to be looked at waits in a list. */
  add(value: unknown, step: PathStep, level: number, tell: Layer["tell"]): void {
    const layer = { root: { "": value }, texts: [], isChanged: false, renames: 0, tell };
    this.layers.push(layer);
    const waiting: WithinLayer[] = [{ holder: layer.root, key: "", step }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      this.#lookAt(layer, level, next, waiting);
      if (this.isBrokenOff) return;
    }
  }

  #lookAt(layer: Layer, level: number, within: WithinLayer, waiting: WithinLayer[]): void {
    const { holder, key, step } = within;
    const value = holder[key];
    if (step.isEnd) {
      holder[key] = REDACTED;
      layer.isChanged = true;
      return;
    }
    if (typeof value === "string") this.#lookIntoText(layer, level, within, value);
    if (typeof value === "object" && value !== null) {
      this.#lookIntoMembers(layer, value as Holder, step, waiting);
    }
  }

  #lookIntoMembers(
    layer: Layer,
    holder: Holder,
    { states }: PathStep,
    waiting: WithinLayer[],
  ): void {
    for (const key of Array.isArray(holder) ? holder.keys() : Object.keys(holder)) {
      if (isNameAlone(key, holder[key])) layer.texts.push(heldText(holder, key, null));
      // Of a million numbers none is looked at, unless a path may lead there.
      if (isPlain(holder[key]) && states.length === 0) continue;
      if (!this.#mayStep(states.length)) return;
      waiting.push({ holder, key, step: stepInto(states, key) });
    }
  }

  #mayStep(states: number): boolean {
    this.isBrokenOff ||= states > this.#steps.left;
    if (!this.isBrokenOff) this.#steps.left -= states;
    return !this.isBrokenOff;
  }

  #lookIntoText(
    layer: Layer,
    level: number,
    { holder, key, step }: WithinLayer,
    text: string,
  ): void {
    const held = heldText(holder, key, text);
    layer.texts.push(held);
    if (level >= LAYERS_MAX) return;
    const within = { states: step.states, isEnd: false };
    const parsed = parsedJson(text);
    if (parsed !== null) {
      held.isSearched = level > 1;
      this.add(parsed, within, level + 1, (root) => {
        held.rewritten = jsonText(root);
      });
      return;
    }
    for (const { start, end, decoded } of base64RunsOf(text)) {
      this.add(decoded, within, level + 1, () => held.hits.push({ start, end, mark: REDACTED }));
    }
  }
}

function isPlain(value: unknown): boolean {
  return typeof value !== "string" && (typeof value !== "object" || value === null);
}

/** A text is looked at with its name. */
function isNameAlone(key: string | number, value: unknown): boolean {
  return typeof key === "string" && typeof value !== "string" && key.length >= NAME_LENGTH_MIN;
}

function heldText(holder: Holder, key: string | number, text: string | null): HeldText {
  const name = typeof key === "string" && key !== "" ? `${key}: ` : "";
  const found = { hits: [], rewritten: null, isNameHit: false, isSearched: true };
  return { holder, key, name, text, ...found };
}

/** Nested deeper than the serialiser's stack it cannot be written without what was found, and is not kept. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return REDACTED_JSON;
  }
}

/** Numbers and the like are no layer: there is nothing in them. */
function parsedJson(text: string): object | string | null {
  if (!/^[ \t\n\r]*["[{]/.test(text)) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
