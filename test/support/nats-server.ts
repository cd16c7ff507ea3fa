import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type NatsConnection } from '@nats-io/transport-node'

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

/** A nats-server of its own, on loopback, with JetStream in a directory of its own. */
export class NatsServer {
  readonly port: number
  readonly websocketPort: number
  private readonly folder: string
  private readonly args: readonly string[]
  private child: ChildProcess | undefined
  private readonly connections: NatsConnection[] = []

  private constructor(port: number, websocketPort: number, config: string) {
    this.port = port
    this.websocketPort = websocketPort
    this.folder = mkdtempSync(join(tmpdir(), 'millrace-nats-'))
    const file = join(this.folder, 'server.conf')
    const plain = `listen: 127.0.0.1:${port}
jetstream { store_dir: ${JSON.stringify(join(this.folder, 'jetstream'))} }
websocket { listen: "127.0.0.1:${websocketPort}", no_tls: true }
max_payload: 8MB
${config}
`
    writeFileSync(file, plain)
    this.args = ['-c', file]
  }

  /** @param config lines for the server's configuration file */
  static async start(config = ''): Promise<NatsServer> {
    const server = new NatsServer(await freePort(), await freePort(), config)
    await server.start()
    return server
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`
  }

  get websocketUrl(): string {
    return `ws://127.0.0.1:${this.websocketPort}`
  }

  /** Resolves when the server is ready for clients. */
  start(): Promise<void> {
    const child = spawn('nats-server', this.args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.child = child
    return new Promise((resolve, reject) => {
      let said = ''
      child.on('error', reject)
      child.on('exit', () => reject(new Error(`nats-server ended: ${said}`)))
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        if (said.length < 65_536) said += text
        if (said.includes('Server is ready')) resolve()
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

  /** A connection that ends with the server. */
  async connect(): Promise<NatsConnection> {
    const connection = await connect({ servers: this.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 })
    this.connections.push(connection)
    return connection
  }

  async stop(): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close()))
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
