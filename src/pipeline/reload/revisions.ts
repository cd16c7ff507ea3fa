import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** A text that a pipeline file had while it was run, and how it came to be. */
export interface Revision {
  /** From 1. */
  readonly number: number
  /** ISO 8601. */
  readonly at: string
  /** `user NAME`, `key ID`, or `millrace` where a reload was taken back by itself. */
  readonly who: string
  /** What was done: `start`, `reload`, `rollback to 3`, `taken back: WHY`. */
  readonly why: string
  /** What differs from the one before, a line for each change; secrets are hidden. */
  readonly diff: readonly string[]
}

/** The folder of a file's revisions where nothing else is said: `.millrace/revisions/NAME` beside it. */
export function revisionsDir(file: string): string {
  return join(dirname(resolve(file)), '.millrace', 'revisions', basename(file))
}

/**
 * The revisions of a pipeline file on disk: `000001.yaml` is the text as it stood in the file, with variables and names of
 * secret files as they are written there, and `000001.json` says who, when and what. Only its owner can read them.
 */
export class Revisions {
  readonly dir: string
  private readonly file: string
  private readonly now: () => Date

  constructor(file: string, dir: string = revisionsDir(file), now: () => Date = () => new Date()) {
    this.file = file
    this.dir = dir
    this.now = now
  }

  /** Oldest first. Files that are not whole are passed over. */
  list(): Revision[] {
    if (!existsSync(this.dir)) return []
    return readdirSync(this.dir)
      .filter((name) => /^\d{6,}\.json$/.test(name))
      .map((name) => this.read(Number.parseInt(name, 10)))
      .filter((revision) => revision !== undefined)
      .sort((a, b) => a.number - b.number)
  }

  /** @returns undefined if there is no such revision */
  text(number: number): string | undefined {
    try {
      return readFileSync(this.path(number, 'yaml'), 'utf8')
    } catch {
      return undefined
    }
  }

  /** Keeps a text as the next revision, unless it is that of the latest. @throws Error of the file system */
  add(text: string, revision: Pick<Revision, 'who' | 'why' | 'diff'>): Revision {
    const latest = this.list().at(-1)
    if (latest !== undefined && this.text(latest.number) === text) return latest
    mkdirSync(this.dir, { recursive: true, mode: 0o700 })
    for (let number = (latest?.number ?? 0) + 1; ; number++) {
      const made: Revision = { number, at: this.now().toISOString(), ...revision }
      try {
        writeFileSync(this.path(number, 'yaml'), text, { mode: 0o600, flag: 'wx' })
      } catch (error) {
        // Another process was there first.
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
        throw error
      }
      replaceFile(this.path(number, 'json'), `${JSON.stringify(made, null, 2)}\n`, 0o600)
      return made
    }
  }

  /**
   * Writes the text of a revision to the pipeline file, whole or not at all.
   * @throws RangeError if there is no such revision
   */
  restore(number: number): string {
    const text = this.text(number)
    if (text === undefined) {
      const known = this.list().map((revision) => revision.number)
      const told = known.length === 0 ? 'there are none' : `there are ${known.join(', ')}`
      throw new RangeError(`${this.file} has no revision ${number}: ${told}`)
    }
    replaceFile(this.file, text)
    return text
  }

  private read(number: number): Revision | undefined {
    try {
      return JSON.parse(readFileSync(this.path(number, 'json'), 'utf8')) as Revision
    } catch {
      return undefined
    }
  }

  private path(number: number, ending: 'yaml' | 'json'): string {
    return join(this.dir, `${String(number).padStart(6, '0')}.${ending}`)
  }
}

/** Readers see the old text or the new one. The file keeps its mode unless one is given. */
function replaceFile(path: string, text: string, mode?: number): void {
  const beside = `${path}.${process.pid}.tmp`
  const kept = mode ?? (existsSync(path) ? statSync(path).mode & 0o777 : 0o644)
  writeFileSync(beside, text, { mode: kept })
  chmodSync(beside, kept)
  renameSync(beside, path)
}
