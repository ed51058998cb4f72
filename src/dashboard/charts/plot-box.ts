/** Where a chart's plot lies: around it are the labels of its axes. */
export interface PlotBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const LEFT_PX = 52;
const RIGHT_PX = 8;
const TOP_PX = 8;
export const AXIS_PX = 24;

export function plotBox(width: number, height: number): PlotBox {
  return { left: LEFT_PX, top: TOP_PX, width: Math.max(40, width - LEFT_PX - RIGHT_PX), height };
}

export function boxHeight({ top, height }: PlotBox): number {
  return top + height + AXIS_PX;
}
