/**
 * What Go's `time.RFC3339Nano` reads: also an hour of one digit, a comma before the fraction, and offsets up to 24:60;
 * no small letters, and no offset without a colon.
 */
const FORM = /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/**
 * The time that a line of a log begins with, in UTC and to the microsecond, as Katib's database keeps it.
 *
 * @returns undefined for what Katib takes for no time
 */
export function toTimestamp(text: string): string | undefined {
  const [matched, year, month, day, hour = '', minute, second, fraction = '', sign, ...offset] = FORM.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const [hours = 0, minutes = 0] = sign === undefined ? [] : offset.map(Number);
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  if (h > 23 || m > 59 || s > 59 || hours > 24 || minutes > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // A 30th of February is a day in March to JavaScript, and no day at all to Go.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  let whole = `${year}-${month}-${day}T${hour.padStart(2, '0')}:${minute}:${second}`;
  if (sign !== undefined) {
    date.setUTCHours(h, m - (sign === '-' ? -1 : 1) * (60 * hours + minutes), s);
    whole = date.toISOString().slice(0, 19);
    // Years that have no four digits stand in no column of a database.
    if (!/^\d{4}-/.test(whole)) return undefined;
  }
  const micros = fraction.slice(0, 6).replace(/0+$/, '');
  const utc = `${whole}${micros === '' ? '' : `.${micros}`}Z`;
  return utc === '0001-01-01T00:00:00Z' ? undefined : utc;
}
