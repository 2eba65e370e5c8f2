/** Labelled points, column by column. */
export interface Points {
  readonly dims: number;
  readonly size: number;
  /** One column per dimension, each with one value per point. */
  readonly coordinates: readonly Float32Array[];
  /** 0 or 1 per point. */
  readonly labels: Uint8Array;
}

/** Room for points that are yet to be filled in. */
export function allocatePoints(dims: number, size: number): Points {
  return {
    dims,
    size,
    coordinates: Array.from({ length: dims }, () => new Float32Array(size)),
    labels: new Uint8Array(size),
  };
}

/** How many points have which label. */
export function balanceOf(points: Points): { zeros: number; ones: number } {
  let ones = 0;
  for (const label of points.labels) ones += label;
  return { zeros: points.size - ones, ones };
}
