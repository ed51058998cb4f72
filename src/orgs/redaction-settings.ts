/**
 * What an org has taken out of payloads before they are sealed, and, where it says so, of the details of audit events
 * before they are appended. Kept with the org, which every request looks up anyway; src/redaction does it.
 */

export const REDACTED_FIELDS = ["request", "response", "details"] as const;
export type RedactedField = (typeof REDACTED_FIELDS)[number];

/** Paths within what calls of some tools carry. What is absent holds for all. */
export interface RedactionRule {
  readonly workspace?: string;
  readonly plugin?: string;
  readonly tool?: string;
  readonly fields?: readonly RedactedField[];
  /** As src/redaction/json-path.ts reads them. */
  readonly paths: readonly string[];
}

export interface RedactionSettings {
  /** Whether texts are searched for what looks like a secret. */
  readonly detectsSecrets: boolean;
  /** Whether the details of reported audit events are redacted too. */
  readonly redactsDetails: boolean;
  readonly rules: readonly RedactionRule[];
}

/** What an org has that never said otherwise. */
export const DEFAULT_REDACTION: RedactionSettings = {
  detectsSecrets: true,
  redactsDetails: false,
  rules: [],
};
