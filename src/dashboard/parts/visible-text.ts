/**
 * Names and messages come from whoever runs a tool. A character that would turn the text around it, hide in it or
 * stand for nothing is shown as what it is.
 */
export interface TextPiece {
  readonly text: string;
  /** Stands for a character that is not to be seen, or would act. */
  readonly isSign: boolean;
}

/** Controls, format characters, separators of lines, lone surrogates, private use and what is unassigned. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/u;
/** Emoji are joined by it. */
const JOINER = "\u{200D}";
const BEFORE_JOINER = /(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\u{FE0F})$/u;

/** Most names are: a table of a hundred rows has five hundred of them to look at. */
const PLAIN = /^[\x20-\x7e]+$/;

export function visiblePieces(text: string): TextPiece[] {
  if (PLAIN.test(text)) return [{ text, isSign: false }];
  const pieces: { text: string; isSign: boolean }[] = [];
  let run = "";
  const endRun = () => {
    if (run !== "") pieces.push({ text: run, isSign: false });
    run = "";
  };
  for (const character of text) {
    const isJoined = character === JOINER && BEFORE_JOINER.test(run);
    if (isJoined || !UNSEEN.test(character)) {
      run += character;
      continue;
    }
    endRun();
    pieces.push({ text: signOf(character.codePointAt(0) ?? 0), isSign: true });
  }
  endRun();
  return pieces;
}

/** Where only plain text can stand: a tab's title. */
export function visibleText(text: string): string {
  return visiblePieces(text)
    .map((piece) => piece.text)
    .join("");
}

function signOf(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

const SCRIPTS: Readonly<Record<string, RegExp>> = {
  Latin: /\p{Script=Latin}/u,
  Cyrillic: /\p{Script=Cyrillic}/u,
  Greek: /\p{Script=Greek}/u,
};

/** Scripts whose letters look alike, where one word has several: `pаypal` with a Cyrillic а. */
export function lookalikeScripts(text: string): string[] {
  if (PLAIN.test(text)) return [];
  for (const word of text.split(/[^\p{L}\p{M}\p{N}]+/u)) {
    const scripts = Object.keys(SCRIPTS).filter((name) => SCRIPTS[name]!.test(word));
    if (scripts.length > 1) return scripts;
  }
  return [];
}
