const DURATION =
  /^P(?=.)(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?=.)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const MILLISECONDS = [604_800_000, 86_400_000, 3_600_000, 60_000, 1000] as const;

/**
 * An ISO 8601 duration (`PT0.2S`, `PT10M`, `P7D`) in milliseconds; undefined for anything else. Years and months have no
 * fixed length and are none.
 */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text);
  return parts ? MILLISECONDS.reduce((sum, unit, index) => sum + unit * Number(parts[index + 1] ?? 0), 0) : undefined;
}
