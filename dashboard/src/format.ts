/** A duration with three figures and the unit that suits it. */
export function duration(ns: number): string {
  if (ns < 1_000) return `${Math.round(ns)} ns`
  if (ns < 1e6) return `${three(ns / 1e3)} µs`
  if (ns < 1e9) return `${three(ns / 1e6)} ms`
  return `${three(ns / 1e9)} s`
}

/** A count with three figures and k, M or G. */
export function count(value: number): string {
  if (value < 1_000) return String(Math.round(value))
  if (value < 1e6) return `${three(value / 1e3)} k`
  if (value < 1e9) return `${three(value / 1e6)} M`
  return `${three(value / 1e9)} G`
}

export function bytes(value: number): string {
  return `${three(value / 1_048_576)} MiB`
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function three(value: number): string {
  return value.toPrecision(3)
}
