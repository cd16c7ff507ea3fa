import type { NatsConnection } from '@nats-io/nats-core'

export type NatsState = 'connecting' | 'connected' | 'disconnected' | 'closed'

/** A connection that comes back by itself, and says when. */
export interface Link {
  readonly connection: NatsConnection
  readonly state: NatsState
  /** Calls back at each change of state. Returns a function that takes that back. */
  onState(listener: (state: NatsState) => void): () => void
}
