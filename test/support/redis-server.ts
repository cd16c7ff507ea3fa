import { Redis } from 'ioredis'
import { freePort, ServerProcess } from './server-process.ts'

/** A redis-server of its own, on loopback, with its files in a directory of its own. */
export class RedisServer extends ServerProcess {
  protected readonly args: readonly string[]
  private readonly connections: Redis[] = []

  private constructor(port: number, args: readonly string[]) {
    super('redis-server', port, { says: 'Ready to accept connections', on: 'stdout' })
    const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', this.folder, '--save', '']
    this.args = [...own, '--appendonly', 'yes', '--appendfsync', 'everysec', ...args]
  }

  /** @param args further settings, such as `--maxmemory`, `8mb` */
  static async start(...args: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), args)
    await server.start()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** A connection that ends with the server. */
  connect(): Redis {
    const redis = new Redis(this.port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: null })
    redis.on('error', () => {})
    this.connections.push(redis)
    return redis
  }

  protected disconnect(): Promise<void> {
    for (const redis of this.connections) redis.disconnect()
    return Promise.resolve()
  }
}
