import { oneOfOrFirst } from "#http/parameters.ts";

export const granularity = oneOfOrFirst("Window", ["hour", "day"]);
