import { holds, type AlertCondition } from './alert-rule.ts'
import type { Gauges } from './gauges.ts'

export type AlertState = 'ok' | 'pending' | 'firing' | 'resolved'

export interface AlertRule {
  readonly name: string
  /** As the file says it. */
  readonly when: string
  readonly condition: AlertCondition
}

/** Where a rule stands. */
export interface Alert {
  readonly name: string
  readonly when: string
  readonly state: AlertState
  /** Since when, on the clock that `observe` is given, in milliseconds. */
  readonly sinceMs: number
  /** The gauge when it was last seen; undefined if it never was. */
  readonly value: number | undefined
  /** How often it has fired. */
  readonly fired: number
}

interface Standing {
  readonly rule: AlertRule
  state: AlertState
  sinceMs: number
  value: number | undefined
  fired: number
}

/** How long an alert that is over is shown as resolved. */
const RESOLVED_MS = 300_000

/**
 * Rules against what is measured: `ok`, `pending` while the condition has held for less than it must, `firing`, and
 * `resolved` for five minutes after that. Whoever listens hears of each change to or from firing once, however often it is
 * observed. A gauge that is not there (nothing was measured) changes nothing.
 */
export class Alerts {
  private readonly standings: Standing[]
  private readonly tell: (alert: Alert) => void

  /** @param tell called when an alert begins to fire, and when it is resolved */
  constructor(rules: readonly AlertRule[], tell: (alert: Alert) => void) {
    this.standings = rules.map((rule) => ({ rule, state: 'ok', sinceMs: 0, value: undefined, fired: 0 }))
    this.tell = tell
  }

  /** @param atMs of a clock that only goes forward */
  observe(atMs: number, gauges: Gauges): void {
    for (const standing of this.standings) {
      const value = gauges[standing.rule.condition.gauge]
      if (value === undefined) continue
      standing.value = value
      if (holds(standing.rule.condition, value)) this.broken(standing, atMs)
      else this.kept(standing, atMs)
    }
  }

  list(): Alert[] {
    return this.standings.map(alertOf)
  }

  private broken(standing: Standing, atMs: number): void {
    if (standing.state === 'firing') return
    if (standing.state !== 'pending') enter(standing, 'pending', atMs)
    if (atMs - standing.sinceMs < standing.rule.condition.forMs) return
    enter(standing, 'firing', atMs)
    standing.fired++
    this.tell(alertOf(standing))
  }

  private kept(standing: Standing, atMs: number): void {
    if (standing.state === 'firing') {
      enter(standing, 'resolved', atMs)
      this.tell(alertOf(standing))
    } else if (standing.state === 'pending') enter(standing, 'ok', atMs)
    else if (standing.state === 'resolved' && atMs - standing.sinceMs >= RESOLVED_MS)
      enter(standing, 'ok', atMs)
  }
}

function enter(standing: Standing, state: AlertState, atMs: number): void {
  standing.state = state
  standing.sinceMs = atMs
}

function alertOf({ rule, state, sinceMs, value, fired }: Standing): Alert {
  return { name: rule.name, when: rule.when, state, sinceMs, value, fired }
}
