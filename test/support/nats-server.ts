import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { freePort, ServerProcess } from './server-process.ts'

/** A nats-server of its own, on loopback, with JetStream in a directory of its own. */
export class NatsServer extends ServerProcess {
  readonly websocketPort: number
  protected readonly args: readonly string[]
  private readonly connections: NatsConnection[] = []

  private constructor(port: number, websocketPort: number, config: string) {
    super('nats-server', port, { says: 'Server is ready', on: 'stderr' })
    this.websocketPort = websocketPort
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

  /** A connection that ends with the server. */
  async connect(): Promise<NatsConnection> {
    const connection = await connect({ servers: this.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 })
    this.connections.push(connection)
    return connection
  }

  protected async disconnect(): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close()))
  }
}
