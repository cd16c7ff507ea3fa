import type { Dataset } from './dataset.ts'

/** What happened to one instrument in a stretch of time. */
export interface TimeBin {
  /** Sum of order flow, and of signed lots traded: bought by aggressors less sold. */
  readonly flowLots: number
  readonly tradedLots: number
  /** Mean lots at one side's best price. */
  readonly depthLots: number
  /** How far the mid went, in ticks. */
  readonly moveTicks: number
  readonly events: number
}

/**
 * Cuts the rows of an instrument into bins of equal time, from the first row on. Bins without events are left out, and
 * so is the last one, which may be short.
 */
export function timeBins(data: Dataset, instrument: number, seconds: number): TimeBin[] {
  const bins: TimeBin[] = []
  let before = -1
  let number = -1
  let startMid = 0
  let flow = 0
  let volume = 0
  let depth = 0
  let events = 0
  const startNs = firstTime(data, instrument)
  for (let row = 0; row < data.count; row++) {
    if (data.instruments[row] !== instrument) continue
    const bin = Math.floor((data.timesNs[row]! - startNs) / (seconds * 1e9))
    if (bin !== number) {
      if (events > 0) {
        const moveTicks = (data.doubleMids[before]! - startMid) / 2
        bins.push({ flowLots: flow, tradedLots: volume, depthLots: depth / events / 2, moveTicks, events })
      }
      number = bin
      // A bin begins where the one before it ended.
      startMid = before < 0 ? data.doubleMids[row]! : data.doubleMids[before]!
      flow = volume = depth = events = 0
    }
    flow += data.flows[row]!
    volume += data.volumes[row]!
    depth += data.depths[row]!
    events++
    before = row
  }
  return bins
}

function firstTime(data: Dataset, instrument: number): number {
  const row = data.instruments.indexOf(instrument)
  return row < 0 ? 0 : data.timesNs[row]!
}
