/** All foreign text is shown through this: it acts on nothing around it, and none of it is unseen. */
import { lookalikeScripts, visiblePieces } from "./visible-text.ts";

interface HostileTerms {
  text: string;
  /** All of it, over as many lines as it takes; else one line, cut where room ends. */
  isWhole?: boolean;
  isCode?: boolean;
}

export function Hostile({ text, isWhole = false, isCode = false }: HostileTerms) {
  if (text === "") return <span class="muted">(empty)</span>;
  const scripts = lookalikeScripts(text);
  const className = `hostile ${isWhole ? "hostile-whole" : "hostile-line"} ${isCode ? "code" : ""}`;
  return (
    <bdi class={className} title={isWhole ? undefined : text}>
      {visiblePieces(text).map((piece) =>
        piece.isSign ? <span class="sign">{piece.text}</span> : piece.text,
      )}
      {scripts.length > 0 && (
        <span class="sign sign-scripts" title="Letters that look alike, of several scripts">
          {scripts.join(" + ")}
        </span>
      )}
    </bdi>
  );
}
