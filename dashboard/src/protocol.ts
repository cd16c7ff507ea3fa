/** What the server sends, as far as the page uses it. docs/api.md describes all of it. */

export interface PlanStage {
  readonly id: string
  readonly operator: string
  readonly island: string
}

export interface PlanEdge {
  readonly from: string
  readonly to: string
  readonly edge?: string
  readonly policy?: string
  readonly capacityRecords?: number
}

export interface Plan {
  readonly name: string
  readonly hasHistory: boolean
  readonly stages: readonly PlanStage[]
  readonly edges: readonly PlanEdge[]
}

export interface IslandStats {
  readonly id: string
  readonly stages: readonly string[]
  readonly state: string
  readonly records: number
  readonly batches: number
  readonly busyNs: number
  readonly idleNs: number
  readonly heldNs: number
  readonly waitingNs: number
  readonly blockedNs: number
  readonly blockedByNs: Readonly<Record<string, number>>
}

export interface EdgeStats {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly fromIsland: string
  readonly toIsland: string
  readonly policy: string
  readonly capacityRecords: number
  readonly depth: number
  readonly highWater: number
  readonly oldestAgeNs: number
  readonly offered: number
  readonly drops: Readonly<Record<string, number>>
}

export interface StageStats {
  readonly id: string
  readonly failures: number
  readonly deadLettered: number
  readonly breaker?: string
}

export interface Latency {
  readonly name: string
  readonly samples: number
  readonly meanNs: number
  readonly percentilesNs: readonly number[]
  readonly maxNs: number
}

export interface RootCause {
  readonly island: string
  readonly stages: readonly string[]
  readonly edge: string
  readonly why: string
  readonly victims: readonly string[]
}

export interface Budget {
  readonly stage: string
  readonly quantile: string
  readonly limitNs: number
  readonly actualNs: number
  readonly isBreached: boolean
}

export interface Alert {
  readonly name: string
  readonly when: string
  readonly state: 'ok' | 'pending' | 'firing' | 'resolved'
  readonly value?: number
}

export interface PipelineMessage {
  readonly at: number
  readonly commands: number
  readonly trades: number
  readonly liveOrders: number
  readonly stats?: {
    readonly elapsedNs: number
    readonly islands: readonly IslandStats[]
    readonly edges: readonly EdgeStats[]
    readonly stages: readonly StageStats[]
    readonly budgets: readonly Budget[]
  }
  readonly rootCause?: RootCause
  readonly latencies: readonly Latency[]
  readonly gauges: Readonly<Record<string, number>>
  readonly alerts: readonly Alert[]
}

export type Level = readonly [price: string, quantity: string, orders: number]

export interface BookMessage {
  readonly symbol: string
  readonly snapshot?: true
  readonly last?: string
  readonly state: number
  readonly bids: readonly Level[]
  readonly offers: readonly Level[]
}

export interface Trade {
  readonly match: number
  readonly price: string
  readonly quantity: string
  readonly side: 'buy' | 'sell' | 'none'
}

export interface TradesMessage {
  readonly symbol: string
  readonly trades: readonly Trade[]
  readonly gone: number
}

export interface OrderEvent {
  readonly event: string
  readonly id?: string
  readonly symbol?: string
  readonly code?: string
  readonly detail?: string
  readonly price?: string
  readonly quantity?: string
}

export interface Answer {
  readonly isAccepted: boolean
  readonly events: readonly OrderEvent[]
  readonly tookNs: number
}

export interface OpenOrder {
  readonly id: string
  readonly symbol: string
  readonly side: string
  readonly price?: string
  readonly open: string
  readonly quantity: string
}

export const PERCENTILES = ['p50', 'p95', 'p99', 'p99.9', 'p99.99'] as const
