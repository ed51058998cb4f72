/** What the dashboard asks, at its dearest: a day of a full org, and as many samples as are looked at. */
import { illegalJson } from "./illegal-bodies.ts";
import { ROOT, type WorstRequest } from "./worst-request.ts";

const DAY_MS = 86_400_000;
const QUARTER_SECONDS = 900;
const SIGN_IN_BYTES_MAX = 1_024;
/** Each begins with a fold of what arrived, and reads the cells of 10,000 series, or 50,000 samples. */
const FIGURES_COST = { cpuMsMax: 2_000 };

const asked = (path: string, statuses: readonly number[] = [200]) => ({ path, statuses });

/** Of the last day, or of less. */
const figures = (name: string, path: string, query: string, lastMs = DAY_MS): WorstRequest => ({
  name,
  ...asked(`${ROOT}/${path}?from=${Date.now() - lastMs}&${query}`),
  ...FIGURES_COST,
});

const SAMPLES = "actor=user:alice@acme";

export function dashboardRoutes(): Record<string, readonly WorstRequest[]> {
  return { ...pageRoutes(), ...sessionRoutes(), ...figureRoutes() };
}

/** The files are the asset server's, which is not here: what the Worker does is look where the place leads. */
function pageRoutes(): Record<string, readonly WorstRequest[]> {
  return {
    "get /": [{ name: "the page", ...asked("/", [404]) }],
    "get /orgs/{place}": [
      { name: "a place of 8,000 characters", ...asked(`/orgs/${"x".repeat(8_000)}`, [404]) },
    ],
    "get /sign-in": [{ name: "the page", ...asked("/sign-in", [404]) }],
    "get /style": [{ name: "the page", ...asked("/style", [404]) }],
    "get /verify.mjs": [{ name: "the verifier", ...asked("/verify.mjs", [404]) }],
  };
}

function sessionRoutes(): Record<string, readonly WorstRequest[]> {
  const body = () => JSON.stringify({ token: "x".repeat(512) });
  return {
    "post /v1/session": [
      { name: "a token that is none", ...asked("/v1/session", [401, 429]), body },
      ...illegalJson("/v1/session", SIGN_IN_BYTES_MAX, "token").map((request) => ({
        ...request,
        statuses: [...request.statuses, 401, 429],
      })),
    ],
    "get /v1/session": [{ name: "no session", ...asked("/v1/session", [401]) }],
    "delete /v1/session": [{ name: "no session", ...asked("/v1/session", [401]) }],
    "get /v1/orgs": [{ name: "1,000", ...asked("/v1/orgs?limit=1000") }],
  };
}

function figureRoutes(): Record<string, readonly WorstRequest[]> {
  const step = `step=${QUARTER_SECONDS}`;
  const hour = DAY_MS / 24;
  return {
    "get /v1/orgs/{org}/activity": [
      figures("a day by tool", "activity", `group_by=tool&${step}`),
      figures("a day by outcome", "activity", step),
      figures("an hour by tool, by the minute", "activity", "group_by=tool&step=60", hour),
      figures("an actor's, of samples", "activity", `${SAMPLES}&${step}`),
    ],
    "get /v1/orgs/{org}/activity/heatmap": [
      figures("a day", "activity/heatmap", "columns=240"),
      figures("an actor's, of samples", "activity/heatmap", `columns=240&${SAMPLES}`),
    ],
    "get /v1/orgs/{org}/activity/top": [
      figures("a day's tools by latency", "activity/top", "by=tool&metric=p95&limit=50"),
      figures("actors by latency", "activity/top", "by=actor&metric=p95&limit=50"),
      figures("instances by calls", "activity/top", "by=instance&limit=50"),
      figures("error codes", "activity/top", "by=error_code&limit=50"),
    ],
    "get /v1/orgs/{org}/activity/compare": [
      figures("what fails with what does not", "activity/compare", "sel_outcome=server_error"),
      figures("one half with the other", "activity/compare", "sel_min_duration_ms=100"),
    ],
    "get /v1/orgs/{org}/activity/values": [
      figures("tools", "activity/values", "field=tool&limit=20"),
      figures("actors", "activity/values", "field=actor&limit=20"),
    ],
    "get /v1/orgs/{org}/errors": [figures("a day", "errors", "limit=50")],
    "get /v1/orgs/{org}/lag": [
      figures("a day", "lag", step),
      figures("an actor's, of samples", "lag", `${step}&${SAMPLES}`),
    ],
    "get /v1/orgs/{org}/changes": [{ name: "changes", ...asked(`${ROOT}/changes`) }],
    "get /v1/orgs/{org}/series": [
      { name: "10,000 of them", ...asked(`${ROOT}/series`), ...FIGURES_COST },
    ],
  };
}
