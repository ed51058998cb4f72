/** How well something is, as its mark and its words say. */
export type Tone = "good" | "warn" | "bad" | "none";
