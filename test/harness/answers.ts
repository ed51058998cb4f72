/** What a test reads of an answer: it is as expected, or the test ends with what it was. In workerd. */
import { call } from "./deployment.ts";

export async function requireStatus(
  status: number,
  answer: Response | Promise<Response>,
): Promise<Response> {
  const response = await answer;
  if (response.status === status) return response;
  throw new Error(`${response.status} ${await response.text()}`);
}

export async function getJson<Body>(path: string): Promise<Body> {
  return (await requireStatus(200, call("GET", path))).json();
}

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  request_id: string;
  errors?: { pointer: string; message: string }[];
}

/** Of an answer that must be a problem. */
export async function problemOf(answer: Response | Promise<Response>): Promise<ProblemBody> {
  const response = await answer;
  if (response.status < 400) throw new Error(`${response.status}: no problem`);
  return response.json();
}

/** `[status, code]`, the part of a problem that clients act on. */
export async function refusal(answer: Response | Promise<Response>): Promise<[number, string]> {
  const { status, code } = await problemOf(answer);
  return [status, code];
}
