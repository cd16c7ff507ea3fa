import { wsconnect, type ConnectionOptions, type NatsConnection } from '@nats-io/nats-core'
import type { Link, NatsState } from '../transport/nats/link.ts'

const FIRST_RETRY_MS = 50
const MOST_RETRY_MS = 2_000

/** Connects by what the first server's address says: `ws://` and `wss://` in a browser or Node, all else in Node. */
export async function connectTo(options: ConnectionOptions): Promise<NatsConnection> {
  const servers = options.servers ?? 'nats://127.0.0.1:4222'
  const first = typeof servers === 'string' ? servers : (servers[0] ?? '')
  let retryMs = FIRST_RETRY_MS
  const settings: ConnectionOptions = {
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    reconnectDelayHandler: () => {
      retryMs = Math.min(MOST_RETRY_MS, retryMs * 2)
      return Math.round(retryMs * (0.5 + Math.random() / 2))
    },
    ...options,
    servers,
  }
  if (/^wss?:/.test(first)) return wsconnect(settings)
  // Not reached in a browser, and a bundle for one need not hold it.
  const { connect } = await import('@nats-io/transport-node')
  return connect(settings)
}

/** A connection, and who wants to know when it breaks and when it is back. */
export class ClientLink implements Link {
  readonly connection: NatsConnection
  state: NatsState
  private readonly listeners: Set<(state: NatsState) => void>

  constructor(connection: NatsConnection) {
    this.connection = connection
    this.state = 'connected'
    this.listeners = new Set()
    void this.watch()
    void connection.closed().then(() => this.change('closed'))
  }

  onState(listener: (state: NatsState) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private async watch(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') this.change('disconnected')
      else if (status.type === 'reconnect') this.change('connected')
    }
  }

  private change(state: NatsState): void {
    if (this.state === state || this.state === 'closed') return
    this.state = state
    for (const listener of this.listeners) listener(state)
  }
}
