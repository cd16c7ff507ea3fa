import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from './nats-server.ts'

/** A redis-server of its own, on loopback, with its files in a directory of its own. */
export class RedisServer {
  readonly port: number
  private readonly folder: string
  private readonly args: readonly string[]
  private child: ChildProcess | undefined
  private readonly connections: Redis[] = []

  private constructor(port: number, args: readonly string[]) {
    this.port = port
    this.folder = mkdtempSync(join(tmpdir(), 'millrace-redis-'))
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

  start(): Promise<void> {
    const child = spawn('redis-server', this.args, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.child = child
    return new Promise((resolve, reject) => {
      let said = ''
      child.on('error', reject)
      child.on('exit', () => reject(new Error(`redis-server ended: ${said}`)))
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (said.length < 65_536) said += text
        if (said.includes('Ready to accept connections')) resolve()
      })
    })
  }

  /** Ends the server at once, as a crash does; what its append-only file has stays. */
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

  suspend(): void {
    this.child?.kill('SIGSTOP')
  }

  resume(): void {
    this.child?.kill('SIGCONT')
  }

  /** A connection that ends with the server. */
  connect(): Redis {
    const redis = new Redis(this.port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: null })
    redis.on('error', () => {})
    this.connections.push(redis)
    return redis
  }

  async stop(): Promise<void> {
    for (const redis of this.connections) redis.disconnect()
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
