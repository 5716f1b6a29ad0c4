/** A line of the last periods with its band and the dashed target; a picture beside numbers that say the same. */
export interface SparkPoint { value: number | null; low: number | null; high: number | null }

/** Fewer would look like a trend that nobody can see yet. */
const LEAST_POINTS = 3;

export function Spark({ points, target, width = 106, height = 46 }: { points: SparkPoint[]; target?: number | null; width?: number; height?: number }) {
  const known = points.map((point, x) => ({ ...point, x })).filter((point): point is typeof point & { value: number } => point.value !== null);
  if (known.length < LEAST_POINTS) return <span className="ft-nospark">Trend not yet</span>;
  const reach = known.flatMap((point) => [point.value, point.low ?? point.value, point.high ?? point.value]);
  if (target !== null && target !== undefined) reach.push(target);
  const [least, most] = [Math.min(...reach), Math.max(...reach)];
  const x = (at: number) => 3 + (at / (points.length - 1)) * (width - 8);
  const y = (value: number) => (most === least ? height / 2 : 4 + (1 - (value - least) / (most - least)) * (height - 8));
  const path = (list: { x: number; y: number }[]) => list.map((one, index) => `${index ? "L" : "M"}${one.x.toFixed(1)} ${one.y.toFixed(1)}`).join("");
  const banded = known.filter((point) => point.low !== null && point.high !== null);
  const band = [
    ...banded.map((point) => ({ x: x(point.x), y: y(point.high ?? point.value) })),
    ...banded.map((point) => ({ x: x(point.x), y: y(point.low ?? point.value) })).reverse(),
  ];
  const last = known[known.length - 1];
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden>
      {band.length > 3 && <path d={`${path(band)}Z`} fill="var(--ft-series-1)" opacity={0.16} />}
      {target !== null && target !== undefined && <line x1={2} x2={width - 3} y1={y(target)} y2={y(target)} stroke="var(--ft-muted)" strokeDasharray="3 2.500" />}
      <path d={path(known.map((point) => ({ x: x(point.x), y: y(point.value) })))} fill="none" stroke="var(--ft-series-1)" strokeWidth={1.6} strokeLinejoin="round" />
      {last && <circle cx={x(last.x)} cy={y(last.value)} r={2.6} fill="var(--ft-series-1)" />}
    </svg>
  );
}
