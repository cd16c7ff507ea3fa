import { rmSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { socketsOf, type FoundSocket } from './run-dir.ts'
import type { Request } from './server.ts'

/** A line to a process that runs a file. */
export class ControlClient {
  readonly pid: number
  /** Of other processes that run the same file. */
  readonly others: readonly number[]
  private readonly socket: Socket
  private readonly lines: AsyncIterator<string>

  constructor(socket: Socket, pid: number, others: readonly number[]) {
    this.pid = pid
    this.others = others
    this.socket = socket
    this.lines = createInterface(socket)[Symbol.asyncIterator]()
    socket.on('error', () => {})
  }

  /** @throws Error with what the process said, or that it has ended */
  async ask<Result>(request: Request): Promise<Result> {
    this.send(request)
    const line = await this.next()
    if (line === undefined) throw new Error(`process ${this.pid} has ended`)
    const answer = line as { readonly result: Result } | { readonly error: string }
    if ('error' in answer) throw new Error(answer.error)
    return answer.result
  }

  send(request: Request): void {
    this.socket.write(`${JSON.stringify(request)}\n`)
  }

  /** The next line, or undefined when the process has ended. */
  async next(): Promise<unknown> {
    const { done, value } = await this.lines.next()
    return done === true ? undefined : (JSON.parse(value) as unknown)
  }

  close(): void {
    this.socket.destroy()
  }
}

/**
 * Reaches the newest of the processes that run a file, or the one that is asked for. Sockets that nobody listens to any
 * more are cleared away.
 * @returns undefined if there is none
 */
export async function reach(file: string, pid?: number): Promise<ControlClient | undefined> {
  const alive: { readonly found: FoundSocket; readonly socket: Socket }[] = []
  for (const found of socketsOf(file)) {
    const socket = await connect(found.path)
    if (socket === undefined) rmSync(found.path, { force: true })
    else alive.push({ found, socket })
  }
  const chosen = pid === undefined ? alive[0] : alive.find(({ found }) => found.pid === pid)
  for (const each of alive) if (each !== chosen) each.socket.destroy()
  if (chosen === undefined) return undefined
  const others = alive.filter((each) => each !== chosen).map(({ found }) => found.pid)
  return new ControlClient(chosen.socket, chosen.found.pid, others)
}

/** Every process that runs a file. */
export async function reachAll(file: string): Promise<ControlClient[]> {
  const clients: ControlClient[] = []
  for (const { pid } of socketsOf(file)) {
    const client = await reach(file, pid)
    if (client !== undefined) clients.push(client)
  }
  return clients
}

function connect(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', () => resolve(undefined))
  })
}
