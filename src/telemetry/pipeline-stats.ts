/**
 * What a running pipeline says of itself, as plain values: for a report, a metrics endpoint, `top` and the dashboard.
 * All times are nanoseconds since the run began, or durations; all counts are since it began.
 */
export interface PipelineStats {
  readonly pipeline: string
  /** Time since the run began. */
  readonly elapsedNs: number
  /** Commands that came in. */
  readonly commands: number
  /** Records that went to the dead letters. */
  readonly deadLettered: number
  readonly islands: readonly IslandStats[]
  readonly edges: readonly EdgeStats[]
  readonly stages: readonly StageStats[]
  readonly budgets: readonly BudgetStats[]
  /** Who holds the pipeline up now, if someone does. */
  readonly rootCause: RootCause | undefined
}

/**
 * `busy`: handles records. `idle`: has none. `ready`: has some and waits for its turn. `blocked`: an edge behind it has
 * no room. `held`: what it writes to, a file or a peer, has no room. `waiting`: for the answer of an asynchronous stage.
 */
export type IslandState = 'busy' | 'idle' | 'ready' | 'blocked' | 'held' | 'waiting' | 'paused' | 'ended'

export interface IslandStats {
  readonly id: string
  /** Ids of its stages, in the order that records pass them. */
  readonly stages: readonly string[]
  readonly thread: string | undefined
  readonly state: IslandState
  /** The edge that blocks it now. */
  readonly blockedOn: string | undefined
  readonly records: number
  readonly batches: number
  readonly busyNs: number
  readonly idleNs: number
  readonly readyNs: number
  readonly heldNs: number
  /** Waiting for an asynchronous stage. */
  readonly waitingNs: number
  readonly blockedNs: number
  /** The same, by the edge that blocked it. */
  readonly blockedByNs: Readonly<Record<string, number>>
}

export interface EdgeStats {
  /** `FROM->TO`. */
  readonly id: string
  readonly from: string
  readonly to: string
  readonly fromIsland: string
  readonly toIsland: string
  readonly policy: string
  readonly capacityRecords: number
  /** Records that wait, in memory and in a file. */
  readonly depth: number
  readonly spilled: number
  readonly highWater: number
  readonly oldestAgeNs: number
  /** Records that were to be written. */
  readonly offered: number
  readonly read: number
  /** What became of records that had no room, by name: `droppedNewest`, `droppedOldest`, `conflated`, `sampledOut`, `rejected`. */
  readonly drops: Readonly<Record<string, number>>
  /** How long batches waited. */
  readonly wait: WaitStats
}

export interface WaitStats {
  readonly samples: number
  readonly p50Ns: number
  readonly p99Ns: number
  readonly p999Ns: number
  readonly maxNs: number
}

export interface StageStats {
  readonly id: string
  readonly island: string
  readonly failures: number
  readonly deadLettered: number
  /** Of a stage that says what it does on errors. */
  readonly breaker: 'closed' | 'open' | 'half-open' | undefined
  /** Records that passed it by, and that it refused, while its breaker was open. */
  readonly bypassed: number
  readonly refused: number
}

export interface BudgetStats {
  /** `whole` for that of the file. */
  readonly stage: string
  readonly quantile: string
  readonly limitNs: number
  readonly actualNs: number
  readonly isBreached: boolean
}

/** The first island downstream of a blocked chain that is not blocked itself. */
export interface RootCause {
  readonly island: string
  readonly stages: readonly string[]
  /** The edge in front of it, which is full. */
  readonly edge: string
  /** `busy`: it works as fast as it can. `held`: what it writes to has no room. `waiting`: for an asynchronous stage. */
  readonly why: 'busy' | 'held' | 'waiting' | 'idle'
  /** Islands that it blocks, nearest first. */
  readonly victims: readonly string[]
  /** How long the nearest of them has been blocked by that edge. */
  readonly blockedNs: number
}
