export const ROLES = ['operator', 'trader', 'risk'] as const
export type Role = (typeof ROLES)[number]

export type PanelId =
  'pipeline' | 'performance' | 'throughput' | 'health' | 'ladder' | 'trades' | 'price' | 'ticket' | 'orders'

export interface PanelPlace {
  readonly id: PanelId
  /** The panel that it stands beside; the first has none. */
  readonly beside?: PanelId
  readonly direction?: 'right' | 'below' | 'above' | 'within'
  /** Of the window's width or height. */
  readonly share?: number
}

/** Where panels stand at first, for who looks after what. */
export const LAYOUTS: Readonly<Record<Role, readonly PanelPlace[]>> = {
  operator: [
    { id: 'pipeline' },
    { id: 'ladder', beside: 'pipeline', direction: 'right', share: 0.3 },
    { id: 'performance', beside: 'pipeline', direction: 'below', share: 0.5 },
    { id: 'throughput', beside: 'performance', direction: 'right', share: 0.35 },
    { id: 'health', beside: 'throughput', direction: 'within' },
    { id: 'ticket', beside: 'ladder', direction: 'below', share: 0.4 },
    { id: 'trades', beside: 'ticket', direction: 'within' },
    { id: 'orders', beside: 'ticket', direction: 'within' },
    { id: 'price', beside: 'performance', direction: 'within' },
  ],
  trader: [
    { id: 'price' },
    { id: 'ladder', beside: 'price', direction: 'right', share: 0.3 },
    { id: 'orders', beside: 'price', direction: 'below', share: 0.4 },
    { id: 'trades', beside: 'orders', direction: 'right', share: 0.3 },
    { id: 'ticket', beside: 'ladder', direction: 'below', share: 0.4 },
    { id: 'performance', beside: 'orders', direction: 'within' },
  ],
  risk: [
    { id: 'throughput' },
    { id: 'health', beside: 'throughput', direction: 'right', share: 0.4 },
    { id: 'orders', beside: 'throughput', direction: 'below', share: 0.5 },
    { id: 'pipeline', beside: 'health', direction: 'below', share: 0.5 },
    { id: 'price', beside: 'orders', direction: 'within' },
  ],
}
