import { render } from "preact";
import { followHistory } from "#dashboard/place/place.ts";
import { Shell } from "#dashboard/shell/shell.tsx";

followHistory();
render(<Shell />, document.getElementById("app")!);
