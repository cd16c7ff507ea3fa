import {
  closeSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { JournalError, systemMessage } from './problem.ts'

/** Its name; it is there while a process has the journal. */
export const LOCK_FILE = 'lock'
const TRIES = 5

/** A directory that this process alone may write to, until it lets go or dies. */
export interface DirectoryLock {
  release(): void
}

/**
 * Locks a journal's directory for this process. A lock file holds the process id and when that process started, so
 * that one left behind by a dead process is known, even if another process has its number now, and is taken over.
 * @throws JournalError if another process holds it, naming that process, or if the directory cannot be written
 */
export function lockDirectory(dir: string): DirectoryLock {
  const path = join(dir, LOCK_FILE)
  const own = identity(process.pid)
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (create(path, own)) return { release: () => releaseOwn(path, own) }
    const holder = read(path)
    if (holder === undefined) continue
    const pid = Number(holder.split(' ')[0])
    if (isAlive(pid, holder))
      throw new JournalError(
        dir,
        `process ${pid} is writing to this journal: stop it first, or give this one a directory of its own`,
      )
    takeAway(path, holder)
  }
  throw new JournalError(dir, 'several processes want this journal at once: start one of them')
}

/** Creates the lock file with its content. Returns false if there is one. */
function create(path: string, content: string): boolean {
  // Linked into place with its content: nobody ever sees a lock that does not say whose it is.
  const draft = `${path}.${process.pid}`
  try {
    writeFileSync(draft, content)
    linkSync(draft, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new JournalError(path, `the journal cannot be locked: ${systemMessage(error)}`)
  } finally {
    rmSync(draft, { force: true })
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Moves a dead process's lock away. Of two that try it, one moves it; what the other moves is put back. */
function takeAway(path: string, content: string): void {
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
    if (read(aside) === content) unlinkSync(aside)
    else renameSync(aside, path)
  } catch {
    // Someone else was faster: the next attempt sees who.
  }
}

function releaseOwn(path: string, own: string): void {
  if (read(path) === own) unlinkSync(path)
}

/** A process as a lock file names it: its id, and when it started where the system tells (Linux). */
function identity(pid: number): string {
  return `${pid} ${startOf(pid)}`
}

function isAlive(pid: number, holder: string): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return identity(pid) === holder
}

/** When a process started, in clock ticks since the system did; empty where that cannot be told, `dead` if it is over. */
function startOf(pid: number): string {
  try {
    const file = openSync(`/proc/${pid}/stat`, 'r')
    try {
      const buffer = Buffer.alloc(4_096)
      const text = buffer.toString('utf8', 0, readSync(file, buffer))
      // The second field is the program's name in brackets, which may hold anything.
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      return fields[0] === 'Z' || fields[0] === 'X' ? 'dead' : (fields[19] ?? '')
    } finally {
      closeSync(file)
    }
  } catch {
    return ''
  }
}
