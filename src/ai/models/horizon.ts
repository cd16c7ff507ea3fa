/** How far ahead a prediction looks. */
export type Horizon =
  /** Until the mid has moved: up or down, never flat. */
  | { readonly kind: 'next-move' }
  /** So many events of the instrument, or so many seconds: up, flat or down. */
  | { readonly kind: 'events'; readonly events: number }
  | { readonly kind: 'time'; readonly seconds: number }

/** What the mid did. */
export const Direction = { down: 0, flat: 1, up: 2 } as const

/** A horizon as people write it: `next-move`, `50 events`, `1 s`. */
export function horizonText(horizon: Horizon): string {
  if (horizon.kind === 'next-move') return 'next-move'
  return horizon.kind === 'events' ? `${horizon.events} events` : `${horizon.seconds} s`
}

const EVENTS = /^(\d{1,7})\s*events?$/
const SECONDS = /^(\d{1,7}(?:\.\d{1,6})?)\s*s$/

/** The horizon that a text names, or undefined. */
export function parseHorizon(text: string): Horizon | undefined {
  if (text === 'next-move') return { kind: 'next-move' }
  const events = Number(EVENTS.exec(text)?.[1] ?? 0)
  if (events > 0) return { kind: 'events', events }
  const seconds = Number(SECONDS.exec(text)?.[1] ?? 0)
  return seconds > 0 ? { kind: 'time', seconds } : undefined
}
