/** Something that was changed about risk, by whom, and from what to what. Times are of the log. */
export interface AuditRecord {
  /** Of the command under way, or the latest one. */
  readonly sequence: number
  /** Seconds since 1970. */
  readonly seconds: number
  readonly by: 'command' | 'program' | 'reload' | 'breaker' | 'breach' | 'time'
  readonly what: 'limit' | 'on-breach' | 'breakers' | 'tripped' | 'reset'
  /** 0 for any, and -1 for any. */
  readonly client: number
  readonly instrument: number
  /** The limit, the check or the breaker. */
  readonly name: string
  readonly before: string
  readonly after: string
}

/** How many records are kept; a hook sees them all. */
const KEPT = 1_024

/** What has been changed, the latest last. For the control plane: hot paths come here only when something trips. */
export class Audit {
  count: number
  /** Called with each record as it is made. */
  hook: ((record: AuditRecord) => void) | undefined
  private kept: AuditRecord[]

  constructor() {
    this.count = 0
    this.hook = undefined
    this.kept = []
  }

  add(record: AuditRecord): void {
    this.count++
    this.kept.push(record)
    if (this.kept.length >= KEPT * 2) this.kept = this.kept.slice(-KEPT)
    this.hook?.(record)
  }

  /** The latest ones, oldest first. */
  records(): readonly AuditRecord[] {
    return this.kept.slice(-KEPT)
  }
}

/** A limit that was passed where that only alerts, or takes a client to reduce-only. */
export interface Alert {
  readonly sequence: number
  readonly client: number
  readonly instrument: number
  /** The reject code that the order would have had. */
  readonly code: number
}

const RING = 1_024
const CELLS = 4

/** The latest alerts, in a ring of numbers: noting one makes no object. */
export class Alerts {
  /** Of all, also those that the ring has lost. */
  count: number
  private readonly cells: Float64Array

  constructor() {
    this.count = 0
    this.cells = new Float64Array(RING * CELLS)
  }

  add(sequence: number, client: number, instrument: number, code: number): void {
    const at = (this.count++ % RING) * CELLS
    this.cells[at] = sequence
    this.cells[at + 1] = client
    this.cells[at + 2] = instrument
    this.cells[at + 3] = code
  }

  /** The latest ones, oldest first. @param from those after so many */
  records(from = 0): Alert[] {
    const first = Math.max(from, this.count - RING)
    return Array.from({ length: this.count - first }, (_, i) => {
      const at = ((first + i) % RING) * CELLS
      const [sequence, client, instrument, code] = this.cells.subarray(at, at + CELLS)
      return { sequence: sequence!, client: client! >>> 0, instrument: instrument!, code: code! }
    })
  }
}
