import { Alerts, type Alert, type AlertRule } from '../telemetry/alerts.ts'
import { DEGRADED_SCORE, degradation, type Degradation } from '../telemetry/baseline.ts'
import { gaugesOf, type Gauges, type Observation } from '../telemetry/gauges.ts'
import type { History } from '../telemetry/history.ts'
import { Resources } from '../telemetry/resources.ts'
import { apiFeed } from '../operators/api/feed.ts'
import type { Served } from './served.ts'

export interface ObserverOptions {
  readonly rules?: readonly AlertRule[]
  readonly history?: History | undefined
  /** Called when an alert begins to fire, and when it is resolved. */
  readonly tell?: (alert: Alert) => void
}

const INTERVAL_MS = 1_000
/** Gauges of the whole that are held against the same hour of other days. */
const WATCHED: readonly (readonly [gauge: string, isHigherWorse: boolean])[] = [
  ['latency.whole.p99', true],
  ['orders.rate', false],
  ['process.loop.p99', true],
]
const MINUTE_MS = 60_000

/** Looks at a pipeline once a second: gauges, history, alerts. */
export class Observer {
  /** Of the last second. */
  gauges: Gauges
  degraded: readonly Degradation[]
  readonly alerts: Alerts
  readonly history: History | undefined
  private readonly served: Served
  private readonly resources: Resources
  private before: Observation
  private lastBaselineMs: number
  private timer: NodeJS.Timeout | undefined

  constructor(served: Served, { rules = [], history, tell = () => {} }: ObserverOptions = {}) {
    this.gauges = {}
    this.degraded = []
    this.history = history
    this.served = served
    this.resources = new Resources()
    this.alerts = new Alerts(rules, (alert) => {
      history?.mark(Date.now() / 1e3, 'alert', `${alert.name} ${alert.state}: ${alert.when}`)
      tell(alert)
    })
    this.before = this.observe()
    this.lastBaselineMs = 0
    this.timer = undefined
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), INTERVAL_MS)
    this.timer.unref()
  }

  /** One look. Called by the timer. */
  tick(): void {
    const now = this.observe()
    this.gauges = gaugesOf(this.before, now)
    this.before = now
    this.alerts.observe(now.atMs, this.gauges)
    const { history } = this
    if (history === undefined) return
    history.append(Date.now() / 1e3, this.gauges)
    if (now.atMs - this.lastBaselineMs < MINUTE_MS) return
    this.lastBaselineMs = now.atMs
    this.degraded = WATCHED.flatMap(([gauge, isHigherWorse]) => {
      const found = degradation(history, gauge, Date.now() / 1e3, isHigherWorse)
      return found !== undefined && found.score > DEGRADED_SCORE ? [found] : []
    })
  }

  close(): void {
    clearInterval(this.timer)
    this.resources.close()
    this.history?.close()
  }

  private observe(): Observation {
    const feed = apiFeed(this.served.market)
    return {
      atMs: performance.now(),
      commands: this.served.market.sequence,
      events: feed?.events ?? 0,
      trades: feed?.trades ?? this.served.market.engine?.trades ?? 0,
      stats: this.served.stats(),
      latencies: this.served.recentLatencies(),
      resources: this.resources.sample(),
    }
  }
}
