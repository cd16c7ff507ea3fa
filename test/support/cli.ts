import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** A `node` on the PATH that is not one of a checkout's packages, or undefined. */
export const machineNode: string | undefined = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => folder !== '' && !folder.includes('node_modules'))
  .map((folder) => join(folder, 'node'))
  .find((path) => existsSync(path))

/** Every Node.js to start the command line with: the one that runs the tests, and the machine's own. */
export const nodes: readonly (readonly [name: string, path: string])[] = [
  ['the pinned Node.js', process.execPath],
  ...(machineNode === undefined ? [] : [["the machine's Node.js", machineNode] as const]),
]

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface StartOptions {
  readonly node?: string
  readonly stdio?: StdioOptions
  /** Whether standard output is left alone, for the test to read or not to read. */
  readonly leaveStdout?: boolean
}

/** A command line that runs. */
export class Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''
  private isOver = false
  private readonly waiting = new Set<() => void>()

  constructor(child: ChildProcess, leaveStdout: boolean) {
    this.child = child
    child.stdin?.on('error', () => {}) // it may end before it has read everything
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.tell()
    })
    if (!leaveStdout)
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        this.stdout += text
        this.tell()
      })
    this.ended = new Promise((resolve) => {
      child.on(leaveStdout ? 'exit' : 'close', (code, signal) => {
        this.isOver = true
        this.tell()
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
      })
    })
  }

  /** Resolves when something has become true of what was written; rejects if it is over and that never was. */
  until(fact: (running: this) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (fact(this)) resolve()
        else if (this.isOver) reject(new Error(`ended too early\n${this.stdout}\n${this.stderr}`))
        else return
        this.waiting.delete(look)
      }
      this.waiting.add(look)
      look()
    })
  }

  private tell(): void {
    for (const look of this.waiting) look()
  }
}

/** Starts `millrace` in the folder of the checkout. */
export function start(args: readonly string[], options: StartOptions = {}): Running {
  const { node = process.execPath, stdio = 'pipe', leaveStdout = false } = options
  const env = { ...process.env }
  delete env['INPUT']
  const child = spawn(node, [join(root, 'bin/millrace.js'), ...args], { cwd: root, stdio, env })
  return new Running(child, leaveStdout)
}

/** Runs `millrace` to its end, with some standard input. */
export function millrace(args: readonly string[], input = '', options: StartOptions = {}): Promise<Ended> {
  const running = start(args, options)
  running.child.stdin?.end(input)
  return running.ended
}
