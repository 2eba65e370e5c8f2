/** From more charts than these on, names get no room. */
const NUMBERED = 9;

/** How many small charts stand in a row: of the widths that look right, the one that leaves the fewest places empty. */
export function columnsOf(charts: number): number {
  if (charts <= 3) return charts;
  const widths = charts === 4 ? [2] : charts <= 12 ? [3, 4] : charts <= 25 ? [4, 5] : [8, 9, 10];
  const empty = (columns: number) => (columns - (charts % columns)) % columns;
  return widths.toSorted((a, b) => empty(a) - empty(b) || b - a)[0] ?? charts;
}

/** Axes: shared below the last row, but each chart's own where that row is not full, as nothing would stand on some. */
export function facetAxes(charts: number): { axis: { x: 'shared' | 'independent' } } {
  return { axis: { x: charts % columnsOf(charts) === 0 ? 'shared' : 'independent' } };
}

/** The name over a small chart: numbered where there are so many that names are cut. */
export function facetName(name: string, index: number, charts: number): string {
  return charts > NUMBERED ? `${index + 1}. ${name}` : name;
}

/** One small chart per model, in the order of the spec, under the models' names. */
export function facetByModel(labelLimit: number) {
  return {
    field: 'model',
    type: 'nominal',
    title: null,
    sort: { field: 'index', op: 'min' },
    header: { labelLimit },
  } as const;
}
