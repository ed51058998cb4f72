/**
 * GET requests under an org's audit log. One that fails is tried again if the failure may
 * pass, else it ends the run.
 */
import { setTimeout as delay } from "node:timers/promises";
import { reasonOf, SourceUnavailable } from "#cli/verify/no-verdict.ts";

export interface HttpAnswer {
  readonly status: 200 | 404 | 410;
  readonly bytes: Uint8Array;
}

const ATTEMPTS = 6;
const BACKOFF_MS = 200;
const RETRY_AFTER_S_MAX = 60;
const ANSWER_MS_MAX = 60_000;
const TEXT = { fatal: false, ignoreBOM: true };

export class HttpLog {
  readonly #base: string;
  readonly #token: string;

  /** `base` is the URL of `…/audit`. */
  constructor(base: string, token: string) {
    this.#base = base;
    this.#token = token;
  }

  async get(path: string): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#try(path);
      if (typeof outcome !== "object" || "status" in outcome) return outcome;
      if (attempt === ATTEMPTS) throw new SourceUnavailable(`GET ${path}: ${outcome.reason}`);
      const backoffMs = BACKOFF_MS * 2 ** attempt * (0.5 + Math.random());
      await delay(outcome.retryAfterMs ?? backoffMs);
    }
  }

  /** Null for what is not there. */
  async getText(path: string): Promise<string | null> {
    const { status, bytes } = await this.get(path);
    // What is not UTF-8 reads as U+FFFD, which no signature and no parser fits.
    return status === 200 ? new TextDecoder("utf-8", TEXT).decode(bytes) : null;
  }

  async #try(path: string): Promise<HttpAnswer | { reason: string; retryAfterMs: number | null }> {
    try {
      const response = await fetch(`${this.#base}${path}`, {
        headers: { authorization: `Bearer ${this.#token}` },
        // The token must not follow a redirect to another place.
        redirect: "manual",
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      const bytes = new Uint8Array(await response.arrayBuffer());
      const { status } = response;
      if (status === 200 || status === 404 || status === 410) return { status, bytes };
      if (status !== 429 && status < 500) throw new SourceUnavailable(refusal(path, status));
      return { reason: `HTTP ${status}`, retryAfterMs: retryAfterMs(response) };
    } catch (error) {
      if (error instanceof SourceUnavailable) throw error;
      return { reason: reasonOf(error), retryAfterMs: null };
    }
  }
}

function refusal(path: string, status: number): string {
  const hint =
    status === 401 || status === 403 ? "the token does not have the scope audit:read here" : "";
  return `GET ${path}: HTTP ${status}${hint === "" ? "" : ` (${hint})`}`;
}

function retryAfterMs(response: Response): number | null {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return seconds >= 0 ? Math.min(seconds, RETRY_AFTER_S_MAX) * 1_000 : null;
}
