/** A line through points: y = intercept + slope * x, and how much of the variance of y it explains. */
export interface LineFit {
  readonly slope: number
  readonly intercept: number
  readonly rSquared: number
  readonly points: number
}

/** Ordinary least squares of one variable. */
export function fitLine(x: readonly number[], y: readonly number[]): LineFit {
  const points = x.length
  const meanX = mean(x)
  const meanY = mean(y)
  let xx = 0
  let xy = 0
  let yy = 0
  for (let i = 0; i < points; i++) {
    xx += (x[i]! - meanX) ** 2
    xy += (x[i]! - meanX) * (y[i]! - meanY)
    yy += (y[i]! - meanY) ** 2
  }
  const slope = xx === 0 ? 0 : xy / xx
  return {
    slope,
    intercept: meanY - slope * meanX,
    rSquared: xx === 0 || yy === 0 ? 0 : (xy * xy) / (xx * yy),
    points,
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}
