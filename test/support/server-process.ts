import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A port of the loopback interface that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

const MOST_SAID = 65_536

/** A server of this machine's packages, started and ended as often as a test wants, with a directory of its own. */
export abstract class ServerProcess {
  readonly port: number
  protected readonly folder: string
  private readonly command: string
  /** What it says when it is ready for clients, and where. */
  private readonly readiness: { readonly says: string; readonly on: 'stdout' | 'stderr' }
  private child: ChildProcess | undefined

  protected constructor(command: string, port: number, readiness: ServerProcess['readiness']) {
    this.port = port
    this.folder = mkdtempSync(join(tmpdir(), `millrace-${command}-`))
    this.command = command
    this.readiness = readiness
  }

  protected abstract readonly args: readonly string[]

  /** Resolves when the server is ready for clients; rejects where it is not there, or ends. */
  start(): Promise<void> {
    const { command, readiness } = this
    const heard = (stream: string): 'pipe' | 'ignore' => (stream === readiness.on ? 'pipe' : 'ignore')
    const child = spawn(command, this.args, { stdio: ['ignore', heard('stdout'), heard('stderr')] })
    this.child = child
    return new Promise((resolve, reject) => {
      let said = ''
      child.on('error', reject)
      child.on('exit', () => reject(new Error(`${command} ended: ${said}`)))
      child[readiness.on]!.setEncoding('utf8').on('data', (text: string) => {
        if (said.length < MOST_SAID) said += text
        if (said.includes(readiness.says)) resolve()
      })
    })
  }

  /** Ends the server at once, as a crash does; what it has on disk stays. */
  kill(): Promise<void> {
    const { child } = this
    this.child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
    return new Promise((resolve) => {
      child.removeAllListeners('exit')
      child.once('exit', () => resolve())
      child.kill('SIGKILL')
    })
  }

  /** Suspends the server, or lets it go on: its sockets stay open and nobody answers. */
  suspend(): void {
    this.child?.kill('SIGSTOP')
  }

  resume(): void {
    this.child?.kill('SIGCONT')
  }

  /** CPU time that the server has had, in microseconds. Linux alone tells. */
  cpuUs(): number {
    const stat = readFileSync(`/proc/${this.child?.pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10_000
  }

  async stop(): Promise<void> {
    await this.disconnect()
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Closes the connections that end with the server. */
  protected abstract disconnect(): Promise<void>
}
