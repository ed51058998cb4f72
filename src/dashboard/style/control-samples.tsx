import { useState } from "preact/hooks";
import { CopyButton } from "#dashboard/parts/copy-button.tsx";
import { Dialog } from "#dashboard/parts/dialog.tsx";
import { Filter } from "#dashboard/parts/filter.tsx";
import { Menu } from "#dashboard/parts/menu.tsx";
import { announce } from "#dashboard/parts/status.tsx";
import { Link } from "#dashboard/place/link.tsx";
import { Sample } from "./sample.tsx";

const TOOLS = ["create_issue", "delete_repo", "list_repos", "<b>bold</b>"];

export function ControlSamples() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Sample title="Controls">
      <div class="buttons">
        <button type="button" class="button button-main">
          The one that is meant
        </button>
        <button type="button" class="button">
          Another
        </button>
        <button type="button" class="button button-small">
          Small
        </button>
        <button type="button" class="button" disabled>
          Not now
        </button>
        <button type="button" class="button button-main" disabled>
          Busy…
        </button>
        <CopyButton text="copied" />
        <Link href="/style">A link</Link>
        <button type="button" class="button" onClick={() => announce("It was said")}>
          Say something
        </button>
      </div>
      <div class="buttons">
        <Segments />
        <Menu label="A menu">{() => <p>What is behind it</p>}</Menu>
        <button type="button" class="button" onClick={() => setIsOpen(true)}>
          A dialog
        </button>
      </div>
      <Dialog title="A dialog" isOpen={isOpen} onClose={() => setIsOpen(false)}>
        <p>Esc closes it, and the focus returns.</p>
        <form method="dialog" class="buttons">
          <button type="submit" class="button">
            Close
          </button>
        </form>
      </Dialog>
      <Fields />
    </Sample>
  );
}

function Segments() {
  return (
    <nav class="segments" aria-label="Segments">
      <Link href="/style">15m</Link>
      <Link href="/style" aria-current="true">
        1h
      </Link>
      <Link href="/style">6h</Link>
    </nav>
  );
}

function Fields() {
  const [tool, setTool] = useState<string | null>(null);
  const [typed, setTyped] = useState("");
  const found = TOOLS.filter((name) => name.includes(typed));
  return (
    <div class="fields-sample">
      <div class="field">
        <label for="sample-field">A field</label>
        <input id="sample-field" class="input" placeholder="With a hint" />
      </div>
      <div class="field">
        <label for="sample-wrong">One that is wrong</label>
        <input
          id="sample-wrong"
          class="input"
          defaultValue="yesterday"
          aria-invalid="true"
          aria-describedby="sample-problem"
        />
        <p id="sample-problem" class="problem">
          A time is 2026-11-28 14:05
        </p>
      </div>
      <Filter
        label="A filter"
        value={tool}
        suggestions={found.map((value) => ({ value, note: "12" }))}
        onType={setTyped}
        onTake={setTool}
      />
      <label class="check">
        <input type="checkbox" defaultChecked /> A choice
      </label>
    </div>
  );
}
