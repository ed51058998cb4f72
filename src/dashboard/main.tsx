import { render } from "preact";
import { followHistory } from "#dashboard/place/place.ts";
import { readChoices } from "#dashboard/shell/choices.ts";
import { Shell } from "#dashboard/shell/shell.tsx";

readChoices();
followHistory();
render(<Shell />, document.getElementById("app")!);
