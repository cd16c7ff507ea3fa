import { rejectName } from '../../book/index.ts'
import { checked } from '../../pipeline/codec.ts'
import type { Market } from '../../pipeline/market.ts'
import type { ReportSection, Step } from '../../pipeline/operator.ts'
import {
  changeRisk,
  reloadRisk,
  RiskEngine,
  riskScorer,
  type Alert,
  type AuditRecord,
  type LimitName,
  type RiskChange,
  type RiskLimits,
} from '../../risk/index.ts'
import { thousands } from '../../telemetry/text-table.ts'
import { riskOptions, riskSettings, type RiskOptions } from './risk-options.ts'

/** Where a program's limit holds: by name; left out, any. */
export interface NamedScope {
  readonly client?: string | undefined
  readonly instrument?: string | undefined
}

export interface RiskHooks {
  /** Called with each change of limits, trip and reset. */
  readonly onAudit?: ((record: AuditRecord) => void) | undefined
  /** Called at the end of a batch with each limit that was passed where that does not refuse the order. */
  readonly onAlert?: ((alert: Alert) => void) | undefined
}

/**
 * The risk engine as a step before `match`. A program that makes it itself can change limits, look at positions and take
 * snapshots while the pipeline runs, between two batches.
 */
export class RiskStage implements Step {
  readonly engine: RiskEngine
  private readonly market: Market
  private readonly hooks: RiskHooks
  private readonly options: RiskOptions
  private told: number

  /** @throws TypeError or RangeError that says what is wrong with the options */
  constructor(market: Market, options: RiskOptions = {}, hooks: RiskHooks = {}) {
    this.market = market
    this.hooks = hooks
    this.told = 0
    this.options = options
    this.engine = new RiskEngine(
      market.instruments,
      riskSettings(market, checked(riskOptions, options, 'risk')),
    )
    this.engine.audit.hook = hooks.onAudit
    // For a stage before this one that asks how risky an order is, and may know what is predicted against it.
    const { scores } = market
    scores.risk = riskScorer(this.engine, {}, (words, at) => scores.against?.(words, at) ?? 0.5)
  }

  process(words: Int32Array, at: number): void {
    const { engine } = this
    engine.engine = this.market.engine
    engine.process(words, at)
  }

  flush(): void {
    const { engine, hooks } = this
    engine.endBatch()
    if (hooks.onAlert !== undefined && engine.alerts.count !== this.told)
      for (const alert of engine.alerts.records(this.told)) hooks.onAlert(alert)
    this.told = engine.alerts.count
  }

  /**
   * Sets limits from the next record on, with an audit record. What a replay is to find again belongs into the log instead
   * (pushRiskChange).
   * @throws RangeError for a symbol or a limit that is none
   */
  setLimit(scope: NamedScope, limits: RiskLimits): void {
    changeRisk(this.engine, { ...this.numbered(scope), limits })
  }

  clearLimit(scope: NamedScope, ...names: LimitName[]): void {
    changeRisk(this.engine, { ...this.numbered(scope), clear: names })
  }

  /** Takes back what breaches and breakers have set: of a client, of an instrument, or of all. */
  reset(scope: NamedScope = {}): void {
    changeRisk(this.engine, { ...this.numbered(scope), reset: true })
  }

  onBreach(actions: NonNullable<RiskChange['onBreach']>): void {
    changeRisk(this.engine, { onBreach: actions })
  }

  /**
   * Hot reload: takes on the options of a changed file whole and keeps positions, counts and what has tripped.
   * @throws TypeError or RangeError that says what is wrong with them; the old ones hold then
   */
  reload(options: RiskOptions): void {
    reloadRisk(this.engine, riskSettings(this.market, checked(riskOptions, options, 'risk')))
  }

  snapshot(): Uint8Array {
    return this.engine.snapshot()
  }

  /** @throws RangeError that says why the bytes are no such snapshot */
  restore(bytes: Uint8Array): void {
    this.engine.restore(bytes)
  }

  /** Positions, counts and what has tripped are those of the snapshot; the options stay its own. */
  inherit(bytes: Uint8Array): void {
    this.restore(bytes)
    this.reload(this.options)
  }

  report(): ReportSection {
    const { judged, refused, alerts, audit, refusedBy } = this.engine
    const byName = Object.fromEntries(
      Array.from(refusedBy, (count, code) => [rejectName(code), count] as const).filter(
        ([, count]) => count > 0,
      ),
    )
    const lines = [
      `${thousands(judged)} orders judged, ${thousands(refused)} refused, ${thousands(alerts.count)} alerts, ${thousands(audit.count)} changes`,
      ...Object.entries(byName).map(([name, count]) => `  ${name} ${thousands(count)}`),
      ...audit
        .records()
        .slice(-10)
        .map((record) => this.auditLine(record)),
    ]
    const figures = { judged, refused, refusedBy: byName, alerts: alerts.count, changes: audit.count }
    return { title: 'risk', lines, figures: { ...figures, audit: audit.records() } }
  }

  private auditLine({ sequence, by, what, client, instrument, name, before, after }: AuditRecord): string {
    const who = client === 0 ? 'any client' : this.market.clients.text(client)
    const where = instrument < 0 ? 'any instrument' : this.market.instruments.symbol(instrument)
    return `  ${sequence}: ${what} ${name} of ${who} in ${where}: ${before} -> ${after} (${by})`
  }

  private numbered({ client, instrument: symbol }: NamedScope): { client: number; instrument?: number } {
    const { clients, instruments } = this.market
    const number = client === undefined ? 0 : clients.number(client)
    if (symbol === undefined) return { client: number }
    const instrument = instruments.find(symbol)
    if (instrument === undefined) throw new RangeError(`no instrument ${JSON.stringify(symbol)}`)
    return { client: number, instrument }
  }
}
