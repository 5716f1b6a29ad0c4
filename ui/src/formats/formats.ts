/** How numbers and instants are written: one place for the whole app. */

export type Unit = "money" | "count" | "rate" | "probability" | "ratio" | "points";

export interface Setting {
  locale: string;
  currency: string;
  zone: string;
  /** The present by the workspace's clock, ISO 8601. */
  now: string;
}

const NBSP = "\u00a0";
const MINUS = "−";
const EN_DASH = "–";
const NOTHING = "–";
const DAY_MS = 86_400_000;

export type Formats = ReturnType<typeof formatsFor>;

export function formatsFor(setting: Setting) {
  const { locale, currency, zone } = setting;
  const plain = (value: number, digits = 0, least = digits) =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: digits, minimumFractionDigits: least })
      .format(value === 0 ? 0 : value)
      .replace("-", MINUS);
  const cash = (value: number, digits: number) =>
    new Intl.NumberFormat(locale, {
      style: "currency", currency, currencyDisplay: "narrowSymbol", maximumFractionDigits: digits, minimumFractionDigits: digits,
    })
      .format(value)
      .replace("-", MINUS);

  const count = (value: number | null | undefined): string => {
    if (value === null || value === undefined) return NOTHING;
    if (Math.abs(value) >= 999_950) return `${plain(value / 1e6, 2)} million`;
    return plain(Math.round(value));
  };

  /** For tight places: 128k. */
  const countShort = (value: number): string => {
    if (Math.abs(value) >= 999_500) return `${plain(value / 1e6, 1)}M`;
    if (Math.abs(value) >= 10_000) return `${plain(value / 1e3)}k`;
    return plain(value);
  };

  /** A share 0 to 1; without decimals where `n` is below 200, since one more digit would claim too much. */
  const share = (value: number | null | undefined, n?: number): string =>
    value === null || value === undefined ? NOTHING : `${plain(value * 100, n !== undefined && n < 200 ? 0 : 1)}${NBSP}%`;

  /** A probability 0 to 1; never above 99 % or below 1 %, since nobody knows that well. */
  const probability = (value: number | null | undefined): string => {
    if (value === null || value === undefined) return NOTHING;
    if (value < 0.01) return `under 1${NBSP}%`;
    if (value > 0.99) return `over 99${NBSP}%`;
    return `${plain(value * 100)}${NBSP}%`;
  };

  const money = (value: number | null | undefined): string => {
    if (value === null || value === undefined) return NOTHING;
    const size = Math.abs(value);
    if (size >= 999_950) return `${cash(value / 1e6, 2)} million`;
    return size >= 999.995 ? cash(value, 0) : cash(value, Number.isInteger(value) && value === 0 ? 0 : 2);
  };

  const moneyShort = (value: number): string => {
    const size = Math.abs(value);
    if (size >= 999_500) return `${cash(value / 1e6, 1)}M`;
    if (size >= 10_000) return `${cash(value / 1e3, 0)}k`;
    return cash(value, size < 10 && !Number.isInteger(value) ? 1 : 0);
  };

  const number = (value: number | null | undefined, digits = 2): string =>
    value === null || value === undefined ? NOTHING : plain(value, digits, 0);

  const byUnit = (value: number | null | undefined, unit: Unit): string => {
    if (value === null || value === undefined) return NOTHING;
    if (unit === "money") return money(value);
    if (unit === "count") return Number.isInteger(value) || Math.abs(value) >= 100 ? count(value) : number(value, 1);
    if (unit === "rate") return share(value);
    if (unit === "probability") return `${plain(value * 100, 1)}${NBSP}%`;
    if (unit === "points") return `${plain(value * 100, 1)} pts`;
    return number(value, Math.abs(value) < 10 ? 2 : 1);
  };

  /** A bound of an interval, without the sign of percent: the second bound carries it. */
  const bare = (value: number, unit: Unit): string => {
    if (unit === "rate" || unit === "probability") return plain(value * 100, 1);
    if (unit === "points") return plain(value * 100, 1);
    return byUnit(value, unit);
  };

  const interval = (low: number | null | undefined, high: number | null | undefined, unit: Unit): string => {
    if (low === null || low === undefined || high === null || high === undefined) return "";
    const joint = low < 0 || high < 0 ? " to " : EN_DASH;
    return `${bare(low, unit)}${joint}${byUnit(high, unit)}`;
  };

  /** The interval of one person's probability: "66–81 %". */
  const probabilityInterval = (low: number, high: number): string => {
    const clip = (value: number) => plain(Math.min(99, Math.max(1, value * 100)));
    return `${clip(low)}${EN_DASH}${clip(high)}${NBSP}%`;
  };

  /** A change in the unit of its measure; changes of shares are points. */
  const change = (value: number, unit: Unit, signed = false): string => {
    const size = unit === "rate" || unit === "probability" ? `${plain(Math.abs(value) * 100, 1)} pts` : byUnit(Math.abs(value), unit);
    if (!signed || value === 0) return size;
    return `${value > 0 ? "+" : MINUS}${size}`;
  };

  const changeInterval = (low: number, high: number, unit: Unit): string => {
    const points = unit === "rate" || unit === "probability" ? "points" : unit;
    return `${bare(low, points)} to ${byUnit(high, points)}`;
  };

  const at = (instant: string, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone: zone, ...options }).format(new Date(instant));
  const yearOf = (instant: string) => at(instant, { year: "numeric" });
  const sameYear = (instant: string) => yearOf(instant) === yearOf(setting.now);

  const day = (instant: string | null | undefined): string =>
    instant ? at(instant, { day: "numeric", month: "short", ...(sameYear(instant) ? {} : { year: "numeric" }) }) : NOTHING;

  const time = (instant: string): string => at(instant, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

  const instant = (value: string | null | undefined): string =>
    value ? `${at(value, { day: "numeric", month: "short", year: "numeric" })}, ${time(value)}` : NOTHING;

  const span = (milliseconds: number): string => {
    const minutes = Math.round(Math.abs(milliseconds) / 60_000);
    if (minutes < 60) return `${minutes} min`;
    if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
    const days = Math.round(minutes / 1440);
    return days === 1 ? "1 day" : `${plain(days)} days`;
  };

  /** "12 min ago" below 24 hours, else the day. */
  const ago = (value: string | null | undefined): string => {
    if (!value) return NOTHING;
    const past = Date.parse(setting.now) - Date.parse(value);
    if (past >= 0 && past < 60_000) return "just now";
    return past > 0 && past < DAY_MS ? `${span(past)} ago` : day(value);
  };

  /** When something is due: "today 16:00", "tomorrow 09:00", else the day with its time. */
  const due = (value: string | null | undefined): string => {
    if (!value) return "no due time";
    const key = (moment: number) => at(new Date(moment).toISOString(), { year: "numeric", month: "2-digit", day: "2-digit" });
    const now = Date.parse(setting.now);
    const wanted = key(Date.parse(value));
    if (wanted === key(now)) return `today ${time(value)}`;
    if (wanted === key(now + DAY_MS)) return `tomorrow ${time(value)}`;
    if (wanted === key(now - DAY_MS)) return `yesterday ${time(value)}`;
    return `${day(value)}, ${time(value)}`;
  };

  /** A calendar period as the API names it: 2026-05, 2026-W19 or 2026-05-14. */
  const period = (value: string): string => {
    const calendar = (iso: string, options: Intl.DateTimeFormatOptions) =>
      new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options }).format(new Date(`${iso}T00:00:00Z`));
    const year = yearOf(setting.now);
    if (/^\d{4}-\d{2}$/.test(value)) {
      return calendar(`${value}-01`, { month: "short", ...(value.startsWith(year) ? {} : { year: "numeric" }) });
    }
    if (/^\d{4}-\d{2}-\d{2}$/.test(value)) {
      return calendar(value, { day: "numeric", month: "short", ...(value.startsWith(year) ? {} : { year: "numeric" }) });
    }
    return value;
  };

  /** "1 person", "86 people". */
  const people = (value: number): string => `${count(value)} ${value === 1 ? "person" : "people"}`;
  const plural = (value: number, one: string, many: string): string => `${count(value)} ${value === 1 ? one : many}`;

  return {
    setting, count, countShort, share, probability, money, moneyShort, number, byUnit, interval, probabilityInterval,
    change, changeInterval, day, time, instant, span, ago, due, period, people, plural,
  };
}
