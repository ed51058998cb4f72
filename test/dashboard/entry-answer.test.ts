import { expect, it } from "vitest";
import { parseEntryAnswer } from "#dashboard/proof/entry-answer.ts";
import { SyntheticLog } from "../harness/synthetic-log.ts";
import { entryText, serve } from "./served-log.ts";

const LOG = new SyntheticLog().append(3).sign();

it("an entry's text is taken out of its answer as it came", async () => {
  const { text } = await serve(LOG)("/2?log=1");
  expect(parseEntryAnswer(text)).toMatchObject({ seq: 2, body: entryText(LOG, 2) });
});

it("an answer of any other form is no entry", async () => {
  const { text } = await serve(LOG)("/2?log=1");
  const others = [
    "",
    "{}",
    text.slice(0, -1),
    `${text}\n`,
    text.replace('"seq":2', '"seq":02'),
    text.replace('"seq":2', '"seq":9999999999999999'),
    text.replace('"hash":"', '"hash":"A'),
    text.replace("{", "{ "),
  ];
  expect(others.map(parseEntryAnswer)).toEqual(others.map(() => null));
});
