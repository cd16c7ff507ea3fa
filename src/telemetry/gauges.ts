import type { LatencySummary } from './latency.ts'
import { PERCENTILES } from './latency.ts'
import type { PipelineStats } from './pipeline-stats.ts'
import type { ResourceSample } from './resources.ts'

/**
 * Everything that is measured as numbers by name: what history keeps and alert rules speak of. Durations are
 * nanoseconds, shares go from 0 to 1, rates are per second over the time since the sample before.
 *
 *   orders.rate, events.rate, trades.rate
 *   latency.NAME.p50 ... p99.99, .max, .mean    NAME: a stage, `whole` or `batch`; the last interval alone
 *   island.ID.busy, .blocked, .idle, .held, .waiting, .records
 *   edge.FROM->TO.depth, .fill, .drops, .age, .wait.p99
 *   stage.ID.failures, .deadLettered, .breaker  (0 closed, 0.5 half-open, 1 open)
 *   process.cpu, .rss, .heap, .arrays, .gc.pauses, .gc.share, .loop.p99, .loop.max
 */
export type Gauges = Readonly<Record<string, number>>

/** What is known at one moment. Counts are since the run began. */
export interface Observation {
  /** Of a clock that only goes forward, in milliseconds. */
  readonly atMs: number
  readonly commands: number
  readonly events: number
  readonly trades: number
  readonly stats: PipelineStats | undefined
  /** Of the interval since the observation before. */
  readonly latencies: readonly LatencySummary[]
  readonly resources: ResourceSample
}

/** The gauges between two observations. */
export function gaugesOf(before: Observation, now: Observation): Gauges {
  const seconds = Math.max(1e-9, (now.atMs - before.atMs) / 1e3)
  const gauges: Record<string, number> = {
    'orders.rate': (now.commands - before.commands) / seconds,
    'events.rate': (now.events - before.events) / seconds,
    'trades.rate': (now.trades - before.trades) / seconds,
  }
  for (const latency of now.latencies) addLatency(gauges, latency)
  addIslands(gauges, before.stats, now.stats, seconds)
  addEdges(gauges, before.stats, now.stats, seconds)
  addStages(gauges, now.stats)
  addProcess(gauges, before.resources, now.resources, seconds)
  return gauges
}

function addLatency(gauges: Record<string, number>, latency: LatencySummary): void {
  if (latency.samples === 0) return
  const name = `latency.${latency.name}`
  PERCENTILES.forEach((percentile, i) => {
    gauges[`${name}.p${percentile}`] = latency.percentilesNs[i]!
  })
  gauges[`${name}.mean`] = latency.meanNs
  gauges[`${name}.max`] = latency.maxNs
}

function addIslands(
  gauges: Record<string, number>,
  before: PipelineStats | undefined,
  now: PipelineStats | undefined,
  seconds: number,
): void {
  for (const island of now?.islands ?? []) {
    const past = before?.islands.find(({ id }) => id === island.id)
    const share = (ns: number, pastNs = 0): number => Math.min(1, Math.max(0, (ns - pastNs) / 1e9 / seconds))
    const name = `island.${island.id}`
    gauges[`${name}.busy`] = share(island.busyNs, past?.busyNs)
    gauges[`${name}.blocked`] = share(island.blockedNs, past?.blockedNs)
    gauges[`${name}.idle`] = share(island.idleNs, past?.idleNs)
    gauges[`${name}.held`] = share(island.heldNs, past?.heldNs)
    gauges[`${name}.waiting`] = share(island.waitingNs, past?.waitingNs)
    gauges[`${name}.records`] = (island.records - (past?.records ?? 0)) / seconds
  }
}

function addEdges(
  gauges: Record<string, number>,
  before: PipelineStats | undefined,
  now: PipelineStats | undefined,
  seconds: number,
): void {
  for (const edge of now?.edges ?? []) {
    const past = before?.edges.find(({ id }) => id === edge.id)
    const name = `edge.${edge.id}`
    gauges[`${name}.depth`] = edge.depth
    gauges[`${name}.fill`] = edge.depth / Math.max(1, edge.capacityRecords)
    gauges[`${name}.drops`] = (total(edge.drops) - total(past?.drops ?? {})) / seconds
    gauges[`${name}.age`] = edge.oldestAgeNs
    gauges[`${name}.wait.p99`] = edge.wait.p99Ns
  }
}

const BREAKERS = { closed: 0, 'half-open': 0.5, open: 1 } as const

function addStages(gauges: Record<string, number>, now: PipelineStats | undefined): void {
  for (const stage of now?.stages ?? []) {
    const name = `stage.${stage.id}`
    gauges[`${name}.failures`] = stage.failures
    gauges[`${name}.deadLettered`] = stage.deadLettered
    if (stage.breaker !== undefined) gauges[`${name}.breaker`] = BREAKERS[stage.breaker]
  }
}

function addProcess(
  gauges: Record<string, number>,
  before: ResourceSample,
  now: ResourceSample,
  seconds: number,
): void {
  gauges['process.cpu'] = (now.cpuNs - before.cpuNs) / 1e9 / seconds
  gauges['process.rss'] = now.residentBytes
  gauges['process.heap'] = now.heapUsedBytes
  gauges['process.arrays'] = now.arrayBufferBytes
  gauges['process.gc.pauses'] = now.gc.pauses - before.gc.pauses
  gauges['process.gc.share'] = (now.gc.pausedNs - before.gc.pausedNs) / 1e9 / seconds
  gauges['process.loop.p99'] = now.loopDelay.p99Ns
  gauges['process.loop.max'] = now.loopDelay.maxNs
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
