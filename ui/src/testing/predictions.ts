/** A prediction as the API tells of it, for tests of its pages. */

export const VOCABULARY = { events: [{ name: "Order Completed", count: 12_000, last: "2026-05-14T07:00:00Z", properties: [{ name: "revenue", kind: "number", examples: [], low: 1, high: 900, array: false }] }], traits: [], account_traits: [], segments: [], predictions: [], personas: [], consents: [], lists: [], tables: [] };

const window = (at: string, until: string, rate: number, part: string) => ({ at, until, people: 1000, positives: rate * 1000, rate, low: rate - 0.02, high: rate + 0.02, part });

export const LOOK = {
  problems: [], unit: "probability", as_of: "2026-05-14T07:20:00Z", history_from: "2024-01-01T00:00:00Z", people: 1700, drawn: 1, left_out: {}, statements: [], error: null,
  horizons: [{
    horizon: "30d", verdict: "enough", by: "time", learn_n: 2000, learn_positives: 700, had: 900, had_not: 800,
    windows: [window("2026-02-13T00:00:00Z", "2026-03-15T00:00:00Z", 0.3, "shown"), window("2026-03-15T00:00:00Z", "2026-04-14T00:00:00Z", 0.34, "learn"), window("2026-04-14T00:00:00Z", "2026-05-14T00:00:00Z", 0.36, "test")],
    power: { positives: 360, negatives: 640, auc_least: 0.57, auc_low: 0.72, auc_high: 0.78, calibration_error: 0.03, tenth_width: 0.15 },
    season: { lowest: "2026-02-13T00:00:00Z", highest: "2026-04-14T00:00:00Z", low_rate: 0.3, high_rate: 0.36, moves: true, covered_days: 90, year_from: "2027-02-13T00:00:00Z" },
    amounts: null, open_from: "2026-04-14T07:20:00Z", weeks_until_enough: 0,
    statements: [{ code: "ENOUGH", tone: "good", text: "Enough to learn from: 900 people had the outcome, 800 did not." }, { code: "NO_YEAR", tone: "warn", text: "The windows cover 90 days." }],
  }],
};

const REPORT = {
  horizon: "30d", metrics: { roc_auc: 0.82, pr_auc: 0.6, log_loss: 0.4, brier: 0.15, ece: 0.012 }, baseline: { roc_auc: 0.8, pr_auc: 0.58, log_loss: 0.41, brier: 0.155, ece: 0.03 },
  calibrated: true, base_rate: 0.36, mean: 0.35, test_n: 1000, ece_limit: 0.02, base_rate_train: 0.34, shift: 0.02, shift_low: -0.01, shift_high: 0.05,
  at_70: { n: 100, mean_probability: 0.78, precision: 0.77, precision_low: 0.7, precision_high: 0.83 },
  reliability: [{ mean: 0.1, observed: 0.12, low: 0.08, high: 0.16, n: 500 }, { mean: 0.7, observed: 0.68, low: 0.6, high: 0.75, n: 500 }],
  fifths: [],
  gains: [{ share: 0, captured: 0 }, { share: 0.5, captured: 0.85 }, { share: 1, captured: 1 }],
  drivers: [{ feature: "days_since_order", text: "days since the last order", importance: 0.4, people: 800, rises: true }, { feature: "orders_90d", text: "orders in 90 days", importance: 0.2, people: 300, rises: false }],
  verdict: "Ranking is strong (AUC 0.820, logistic 0.800).",
};

const scored = (horizon: string, mean: number) => ({ horizon, people: 1700, mean, low: mean - 0.05, high: mean + 0.05, as_of: "2026-05-14T00:00:00Z" });

export const PREDICTION = {
  key: "churn", title: "Stops buying", unit: "probability", question: "People who did not do Order Completed.", horizons: ["30d", "180d"], trained_as_of: "2026-05-04T00:00:00Z", verdict: REPORT.verdict, calibrated: true,
  scores: [scored("30d", 0.6), scored("180d", 0.3)], outcome: { did_not: "Order Completed" }, population: { did: "Order Completed", within: "365d" }, population_says: "People who did Order Completed in the last 365 days.",
  bands: { watch: 0.4, high: 0.7 }, schedule: "1d", model: "m1", model_kind: "binary", n: 61904, positives: 20000, left_out: {}, params: {}, metrics: REPORT.metrics, reliability: REPORT.reliability, gains: REPORT.gains, drivers: REPORT.drivers,
  by_horizon: [REPORT, { ...REPORT, horizon: "180d", calibrated: false, verdict: "Not calibrated for this season." }],
  history: [],
};

const cell = (name: string, people: number) => ({ name, people, share: people / 1700, money: people * 10, short: 0.5, long: 0.4, condition: { all: [{ did: "Order Completed" }, { prediction: "churn", horizon: "30d", gte: 0.6 }, { prediction: "churn", horizon: "180d", gte: 0.3 }] } });

export const QUADRANT = {
  as_of: "2026-05-14T00:00:00Z", people: 1700, value: "clv", short: { horizon: "30d", gte: 0.6, by: "base rate", mean: 0.6 }, long: { horizon: "180d", gte: 0.3, by: "base rate", mean: 0.3 },
  cells: [cell("act_now", 300), cell("slow_drift", 200), cell("noisy", 400), cell("healthy", 800)],
  points: [{ short: 0.9, long: 0.8, cell: "act_now" }, { short: 0.2, long: 0.1, cell: "healthy" }],
};

export const PEOPLE = {
  total: 300, page: 1, condition: { all: [{ did: "Order Completed" }, { prediction: "churn", horizon: "30d", gte: 0.6 }] },
  rows: [{ profile_id: "p1", name: "Hannah Lindner", scores: { "30d": { score: 0.91, low: 0.8, high: 0.95 }, "180d": { score: 0.7, low: 0.6, high: 0.8 } }, value: 212, orders: 3, revenue: 120, last_order: "2026-04-17T00:00:00Z" }],
};

export const SPREAD = { horizon: "30d", people: 1700, as_of: "2026-05-14T00:00:00Z", mean: 0.6, bars: Array.from({ length: 50 }, (_, place) => ({ low: place / 50, high: (place + 1) / 50, people: 34 })) };

const judged = (horizon: string, auc: number) => ({ horizon, metrics: { roc_auc: auc, ece: 0.02 }, calibrated: true, test: "2026-04-04T00:00:00Z" });
const run = { reason: "schedule", in_use: false, held_back: null, seed: 0, beside: [], error: null, state: "done" };

export const RUNS = {
  rows: [
    { ...run, run: 3, as_of: "2026-05-04T00:00:00Z", started_at: "2026-05-04T01:00:00Z", model: "m3", in_use: true, horizons: [judged("30d", 0.82), judged("180d", 0.86)] },
    { ...run, run: 2, as_of: "2026-04-04T00:00:00Z", started_at: "2026-04-04T01:00:00Z", model: "m2", horizons: [judged("30d", 0.8), judged("180d", 0.85)] },
    { ...run, run: 1, as_of: "2026-03-04T00:00:00Z", started_at: "2026-03-04T01:00:00Z", model: null, reason: "by hand", state: "failed", horizons: [], error: "nobody had the outcome" },
  ],
  decisions: [],
};

export const CHECKS = {
  rows: [
    { model: "m3", what: "feature", subject: "days_since_order", as_of: "2026-05-14T00:00:00Z", scored_at: "2026-05-14T00:00:00Z", people: 1700, value: 0.23, limit: 0.2, low: null, high: null, expected: null, observed: null, verdict: "moved", words: "days since the last order moved upwards" },
    { model: "m3", what: "scores", subject: "30d", as_of: "2026-05-14T00:00:00Z", scored_at: "2026-05-14T00:00:00Z", people: 1700, value: 0.02, limit: 0.2, low: null, high: null, expected: 0.6, observed: 0.61, verdict: "steady", words: "the scores lie as they did" },
  ],
  doubts: {}, accepted: null, warnings: { "180d": "the probabilities were 6 points too low in April" },
};

export const IDLE = { doing: null, state: null, asked_at: null, step: "", seconds: 0, error: null };
