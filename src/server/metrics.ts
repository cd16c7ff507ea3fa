import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { Served } from './served.ts'
import { apiFeed } from '../operators/api/feed.ts'
import { PERCENTILES } from '../telemetry/latency.ts'
import type { PipelineStats } from '../telemetry/pipeline-stats.ts'

const NS = 1e-9

/** A sample of a family: its labels and its value. */
type Samples = Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>

/**
 * What Prometheus scrapes: families of the pipeline by Prometheus's conventions (base units, `_total` for what only
 * grows), and those that prom-client has of the process itself. Everything is read when it is asked for.
 */
export function metricsOf(served: Served): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ pipeline: served.name })
  collectDefaultMetrics({ register: registry })
  const family = (name: string, help: string, labelNames: readonly string[], read: () => Samples): void => {
    const described = { name: `millrace_${name}`, help, labelNames: [...labelNames], registers: [registry] }
    if (name.endsWith('_total'))
      // oxlint-disable-next-line no-new -- It registers itself.
      new Counter({
        ...described,
        collect() {
          this.reset()
          for (const [labels, value] of read()) this.inc(labels, value)
        },
      })
    else
      // oxlint-disable-next-line no-new -- It registers itself.
      new Gauge({
        ...described,
        collect() {
          this.reset()
          for (const [labels, value] of read()) this.set(labels, value)
        },
      })
  }
  const { market } = served
  family('commands_total', 'Commands that came in', [], () => [[{}, market.sequence]])
  family('events_total', 'Events that the engine gave', [], () => [[{}, apiFeed(market)?.events ?? 0]])
  family('trades_total', 'Trades', [], () => [[{}, market.engine?.trades ?? 0]])
  family('live_orders', 'Orders in the books', [], () => [[{}, market.engine?.liveOrders ?? 0]])
  family('book_bytes', 'Memory of the books', [], () => [[{}, market.engine?.bytes ?? 0]])
  addLatencies(family, served)
  const stats = (): PipelineStats | undefined => served.stats()
  addIslands(family, stats)
  addEdges(family, stats)
  addStages(family, stats)
  return registry
}

type AddFamily = (name: string, help: string, labelNames: readonly string[], read: () => Samples) => void

function addLatencies(family: AddFamily, served: Served): void {
  family('stage_latency_seconds', 'Time of a record in a stage', ['stage', 'quantile'], () =>
    served
      .latencies()
      .flatMap(({ name, percentilesNs, samples }) =>
        samples === 0
          ? []
          : PERCENTILES.map(
              (percentile, i) =>
                [
                  { stage: name, quantile: String(Number((percentile / 100).toFixed(6))) },
                  percentilesNs[i]! * NS,
                ] as const,
            ),
      ),
  )
  family('stage_latency_max_seconds', 'Longest time of a record in a stage', ['stage'], () =>
    served.latencies().map(({ name, maxNs }) => [{ stage: name }, maxNs * NS] as const),
  )
}

function addIslands(family: AddFamily, stats: () => PipelineStats | undefined): void {
  family('island_records_total', 'Records that an island has handled', ['island'], () =>
    (stats()?.islands ?? []).map(({ id, records }) => [{ island: id }, records] as const),
  )
  family('island_seconds_total', 'Time of an island by what it did', ['island', 'state'], () =>
    (stats()?.islands ?? []).flatMap(({ id, busyNs, idleNs, blockedNs, heldNs, waitingNs, readyNs }) =>
      Object.entries({
        busy: busyNs,
        idle: idleNs,
        blocked: blockedNs,
        held: heldNs,
        waiting: waitingNs,
        ready: readyNs,
      }).map(([state, ns]) => [{ island: id, state }, ns * NS] as const),
    ),
  )
  family('island_blocked_seconds_total', 'Time an edge has blocked an island', ['island', 'edge'], () =>
    (stats()?.islands ?? []).flatMap(({ id, blockedByNs }) =>
      Object.entries(blockedByNs).map(([edge, ns]) => [{ island: id, edge }, ns * NS] as const),
    ),
  )
  family(
    'backpressure_root_cause',
    '1 for the island that holds the pipeline back now',
    ['island', 'edge'],
    () => {
      const cause = stats()?.rootCause
      return cause === undefined ? [] : [[{ island: cause.island, edge: cause.edge }, 1]]
    },
  )
}

function addEdges(family: AddFamily, stats: () => PipelineStats | undefined): void {
  const edges = (): PipelineStats['edges'] => stats()?.edges ?? []
  family('edge_depth_records', 'Records that wait in an edge', ['edge'], () =>
    edges().map(({ id, depth }) => [{ edge: id }, depth] as const),
  )
  family('edge_capacity_records', 'Records that an edge has room for', ['edge'], () =>
    edges().map(({ id, capacityRecords }) => [{ edge: id }, capacityRecords] as const),
  )
  family('edge_high_water_records', 'Most records that ever waited in an edge', ['edge'], () =>
    edges().map(({ id, highWater }) => [{ edge: id }, highWater] as const),
  )
  family('edge_oldest_age_seconds', 'Age of the oldest record in an edge', ['edge'], () =>
    edges().map(({ id, oldestAgeNs }) => [{ edge: id }, oldestAgeNs * NS] as const),
  )
  family('edge_drops_total', 'What became of records that had no room', ['edge', 'fate'], () =>
    edges().flatMap(({ id, drops }) =>
      Object.entries(drops).map(([fate, count]) => [{ edge: id, fate }, count] as const),
    ),
  )
  family('edge_wait_seconds', 'How long batches waited in an edge', ['edge', 'quantile'], () =>
    edges().flatMap(({ id, wait }) =>
      wait.samples === 0
        ? []
        : Object.entries({ 0.5: wait.p50Ns, 0.99: wait.p99Ns, 0.999: wait.p999Ns }).map(
            ([quantile, ns]) => [{ edge: id, quantile }, ns * NS] as const,
          ),
    ),
  )
}

const BREAKERS = { closed: 0, 'half-open': 0.5, open: 1 } as const

function addStages(family: AddFamily, stats: () => PipelineStats | undefined): void {
  const stages = (): PipelineStats['stages'] => stats()?.stages ?? []
  family('stage_failures_total', 'Batches that a stage failed on', ['stage'], () =>
    stages().map(({ id, failures }) => [{ stage: id }, failures] as const),
  )
  family('dead_letters_total', 'Records that a stage sent to the dead letters', ['stage'], () =>
    stages().map(({ id, deadLettered }) => [{ stage: id }, deadLettered] as const),
  )
  family('breaker_state', '0 closed, 0.5 half-open, 1 open', ['stage'], () =>
    stages().flatMap(({ id, breaker }) =>
      breaker === undefined ? [] : [[{ stage: id }, BREAKERS[breaker]] as const],
    ),
  )
}
