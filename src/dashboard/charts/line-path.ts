/** A line over columns as the path of an SVG: broken where there is no value, which is not zero. */
export interface LinePoint {
  readonly x: number;
  readonly y: number;
}

export function linePath(points: readonly (LinePoint | null)[]): string {
  const parts: string[] = [];
  let isDrawing = false;
  for (const point of points) {
    if (point !== null) parts.push(`${isDrawing ? "L" : "M"}${round(point.x)} ${round(point.y)}`);
    isDrawing = point !== null;
  }
  return parts.join("");
}

/** Points with no neighbour on either side: a line does not show them, so they are drawn as dots. */
export function lonePoints(points: readonly (LinePoint | null)[]): LinePoint[] {
  return points.filter((point, index): point is LinePoint => {
    const hasNeighbour = points[index - 1] != null || points[index + 1] != null;
    return point !== null && !hasNeighbour;
  });
}

function round(px: number): number {
  return Math.round(px * 10) / 10;
}
