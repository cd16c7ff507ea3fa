/** Where a sink's messages go: over core NATS, into a JetStream stream, to WebSockets. */
export interface Outlet {
  /** Messages handed over, and those sent again after a cut. */
  readonly sent: number
  readonly resent: number
  /** Told when there is no room for more, and when there is again. */
  onFull: () => void
  onRoom: () => void
  /** Told when nothing more can be handed over, ever. */
  onFailure: (message: string) => void
  /** @param id by which the other side knows a message that comes twice, where it can */
  publish(subject: string, payload: Uint8Array, id: string): void
  /** Called when nothing more comes for a while. */
  settle(): void
  /** Resolves when all has been handed over; rejects if that takes too long. */
  drain(timeoutMs: number): Promise<void>
  figures(): Record<string, unknown>
}
