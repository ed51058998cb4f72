// `npm run walls`
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatWalls } from "./biome-walls.ts";

writeFileSync(join(import.meta.dirname, "walls.json"), formatWalls());
