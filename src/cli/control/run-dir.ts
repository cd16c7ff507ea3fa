import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'

const OTHERS = 0o077

/**
 * Where the sockets of this user's runs lie: `$XDG_RUNTIME_DIR/millrace`, or `millrace-UID` among the temporary files. Only
 * its owner may enter: what someone else has put there under that name is not used.
 * @throws Error that says what is wrong with it
 */
export function runDir(): string {
  const { XDG_RUNTIME_DIR: given } = process.env
  const { uid } = userInfo()
  const dir =
    given !== undefined && existsSync(given) ? join(given, 'millrace') : join(tmpdir(), `millrace-${uid}`)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const found = lstatSync(dir)
  if (!found.isDirectory() || found.uid !== uid || (found.mode & OTHERS) !== 0)
    throw new Error(`${dir} is not a folder that is this user's alone`)
  return dir
}

/** The path of a process's socket. It begins alike for all processes that run one file. */
export function socketPath(file: string, pid: number = process.pid): string {
  return join(runDir(), `${nameOf(file)}-${pid}.sock`)
}

export interface FoundSocket {
  readonly path: string
  readonly pid: number
}

/** Sockets of the processes that run, or ran, a file; the newest first. */
export function socketsOf(file: string): FoundSocket[] {
  const dir = runDir()
  const begin = `${nameOf(file)}-`
  return readdirSync(dir)
    .filter((name) => name.startsWith(begin) && name.endsWith('.sock'))
    .map((name) => ({ path: join(dir, name), pid: Number.parseInt(name.slice(begin.length), 10) }))
    .map((socket) => ({ ...socket, madeMs: statSync(socket.path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.madeMs - a.madeMs)
}

/** A socket's path has room for some hundred characters, so it has a hash of the file's. */
function nameOf(file: string): string {
  const path = existsSync(file) ? realpathSync(file) : resolve(file)
  return createHash('sha256').update(path).digest('hex').slice(0, 16)
}
