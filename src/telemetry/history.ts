import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Gauges } from './gauges.ts'

export interface HistoryOptions {
  /** A file, made if it is not there, or `:memory:`. */
  readonly file: string
  /** How long seconds are kept: an hour. */
  readonly keepSeconds?: number
  /** How long minutes are kept: 31 days. */
  readonly keepMinutesSeconds?: number
}

export type Resolution = 'second' | 'minute'

/** A gauge over a second or a minute: of a second, all three are the same. */
export interface HistoryPoint {
  /** Its beginning, in seconds since 1970. */
  readonly at: number
  readonly mean: number
  readonly least: number
  readonly most: number
}

/** Something that happened, for the timeline: a reload, a snapshot, an alert. */
export interface HistoryMark {
  readonly at: number
  readonly kind: string
  readonly text: string
}

export interface PeriodSummary {
  readonly points: number
  readonly mean: number
  readonly p50: number
  readonly p99: number
  readonly most: number
}

/** Two periods of one gauge beside each other. */
export interface Comparison {
  readonly first: PeriodSummary
  readonly second: PeriodSummary
  /** Mean of the second over mean of the first; undefined where that is 0. */
  readonly ratio: number | undefined
}

const HOUR_SECONDS = 3_600
const MONTH_SECONDS = 31 * 86_400
const MINUTE = 60

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS gauge (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE IF NOT EXISTS second (
    gauge INTEGER NOT NULL, at INTEGER NOT NULL, value REAL NOT NULL, PRIMARY KEY (gauge, at)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS second_at ON second (at);
  CREATE TABLE IF NOT EXISTS minute (
    gauge INTEGER NOT NULL, at INTEGER NOT NULL, mean REAL NOT NULL, least REAL NOT NULL, most REAL NOT NULL,
    PRIMARY KEY (gauge, at)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS minute_at ON minute (at);
  CREATE TABLE IF NOT EXISTS mark (at INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);
  CREATE INDEX IF NOT EXISTS mark_at ON mark (at);
`

/** Whole minutes from one time up to another. */
const ROLL_UP = `
  INSERT OR REPLACE INTO minute
  SELECT gauge, at - at % ${MINUTE}, avg(value), min(value), max(value) FROM second
  WHERE at >= ? AND at < ? GROUP BY gauge, at - at % ${MINUTE}
`

/**
 * What was measured, second by second for an hour and minute by minute for a month, in one SQLite file. Needs the
 * `node:sqlite` of Node.js 22.13 or later.
 */
export class History {
  private readonly database: DatabaseSync
  private readonly keepSeconds: number
  private readonly keepMinutesSeconds: number
  private readonly ids: Map<string, number>
  private readonly addGauge: StatementSync
  private readonly addSecond: StatementSync
  private readonly rollUp: StatementSync
  /** The minute under way, or undefined before the first sample. */
  private minute: number | undefined

  private constructor(database: DatabaseSync, options: HistoryOptions) {
    this.database = database
    this.keepSeconds = options.keepSeconds ?? HOUR_SECONDS
    this.keepMinutesSeconds = options.keepMinutesSeconds ?? MONTH_SECONDS
    database.exec(SCHEMA)
    this.ids = new Map()
    for (const { id, name } of database.prepare('SELECT id, name FROM gauge').all())
      this.ids.set(String(name), Number(id))
    this.addGauge = database.prepare('INSERT INTO gauge (name) VALUES (?)')
    this.addSecond = database.prepare('INSERT OR REPLACE INTO second VALUES (?, ?, ?)')
    this.rollUp = database.prepare(ROLL_UP)
    this.minute = undefined
    // A run that was cut off has left minutes that nobody summed up.
    this.rollUp.run(0, Number.MAX_SAFE_INTEGER)
  }

  /** @throws Error where this Node.js has no SQLite, or the file is not such a database */
  static async open(options: HistoryOptions): Promise<History> {
    let sqlite: typeof import('node:sqlite')
    try {
      sqlite = await import('node:sqlite')
    } catch {
      throw new Error(`history needs Node.js 22.13 or later; this is ${process.version}`)
    }
    try {
      return new History(new sqlite.DatabaseSync(options.file), options)
    } catch (error) {
      throw new Error(`${options.file}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
  }

  /**
   * Keeps the gauges of one second. The minutes that are over by then are summed up and what is too old is deleted.
   * @param at seconds since 1970, never less than the time before
   */
  append(at: number, gauges: Gauges): void {
    const second = Math.floor(at)
    const minute = second - (second % MINUTE)
    this.database.exec('BEGIN')
    try {
      for (const [name, value] of Object.entries(gauges))
        if (Number.isFinite(value)) this.addSecond.run(this.idOf(name), second, value)
      if (this.minute !== undefined && minute > this.minute) this.endMinute(this.minute, second)
      this.minute = minute
      this.database.exec('COMMIT')
    } catch (error) {
      this.database.exec('ROLLBACK')
      throw error
    }
  }

  mark(at: number, kind: string, text: string): void {
    this.database.prepare('INSERT INTO mark VALUES (?, ?, ?)').run(Math.floor(at), kind, text)
  }

  /** Marks of a span of time, oldest first. */
  marks(from: number, to: number): HistoryMark[] {
    const query = this.database.prepare(
      'SELECT at, kind, text FROM mark WHERE at >= ? AND at < ? ORDER BY at, rowid',
    )
    return query
      .all(from, to)
      .map(({ at, kind, text }) => ({ at: Number(at), kind: String(kind), text: String(text) }))
  }

  /** Names of all gauges there ever were, in alphabetical order. */
  names(): string[] {
    return [...this.ids.keys()].sort()
  }

  /** A gauge from one time up to, not including, another, oldest first. Empty for a name there is not. */
  points(name: string, from: number, to: number, resolution: Resolution): HistoryPoint[] {
    const id = this.ids.get(name)
    if (id === undefined) return []
    const columns =
      resolution === 'second' ? 'value AS mean, value AS least, value AS most' : 'mean, least, most'
    const query = this.database.prepare(
      `SELECT at, ${columns} FROM ${resolution} WHERE gauge = ? AND at >= ? AND at < ? ORDER BY at`,
    )
    return query.all(id, from, to).map((row) => ({
      at: Number(row['at']),
      mean: Number(row['mean']),
      least: Number(row['least']),
      most: Number(row['most']),
    }))
  }

  /** Two spans of time of a gauge beside each other, from seconds where both are kept, else from minutes. */
  compare(name: string, first: readonly [number, number], second: readonly [number, number]): Comparison {
    const [a, b] = (['second', 'minute'] as const)
      .map((resolution) => [first, second].map(([from, to]) => this.points(name, from, to, resolution)))
      .find((both) => both.every(({ length }) => length > 0)) ?? [[], []]
    const sides = { first: summaryOf(a!), second: summaryOf(b!) }
    const ratio = sides.first.mean === 0 ? undefined : sides.second.mean / sides.first.mean
    return { ...sides, ratio }
  }

  close(): void {
    this.database.close()
  }

  private idOf(name: string): number {
    const known = this.ids.get(name)
    if (known !== undefined) return known
    const id = Number(this.addGauge.run(name).lastInsertRowid)
    this.ids.set(name, id)
    return id
  }

  private endMinute(minute: number, now: number): void {
    this.rollUp.run(minute, minute + MINUTE)
    for (const [table, keep] of [
      ['second', this.keepSeconds],
      ['minute', this.keepMinutesSeconds],
      ['mark', this.keepMinutesSeconds],
    ] as const)
      this.database.prepare(`DELETE FROM ${table} WHERE at < ?`).run(now - keep)
  }
}

function summaryOf(points: readonly HistoryPoint[]): PeriodSummary {
  const means = points.map(({ mean }) => mean).sort((a, b) => a - b)
  const at = (share: number): number =>
    means[Math.min(means.length - 1, Math.floor(share * means.length))] ?? 0
  return {
    points: points.length,
    mean: means.length === 0 ? 0 : means.reduce((sum, value) => sum + value, 0) / means.length,
    p50: at(0.5),
    p99: at(0.99),
    most: points.reduce((most, point) => Math.max(most, point.most), means[0] ?? 0),
  }
}
