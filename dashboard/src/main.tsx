import { createDockview, themeDark, themeLight, type DockviewApi, type ITabRenderer } from 'dockview-core'
import { render, type ComponentChildren, type JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { get } from './connection.ts'
import { connection, useKept } from './hooks.ts'
import { LAYOUTS, ROLES, type PanelId, type Role } from './layouts.ts'
import { HealthPanel } from './panels/health.tsx'
import { LadderPanel } from './panels/ladder.tsx'
import { OrdersPanel } from './panels/orders.tsx'
import { PerformancePanel } from './panels/performance.tsx'
import { PipelinePanel } from './panels/pipeline.tsx'
import { PricePanel } from './panels/price.tsx'
import { ThroughputPanel } from './panels/throughput.tsx'
import { TicketPanel } from './panels/ticket.tsx'
import { TradesPanel } from './panels/trades.tsx'
// oxlint-disable import/no-unassigned-import -- Style sheets.
import 'dockview-core/style.css'
import 'uplot/dist/uPlot.min.css'
import './style.css'
// oxlint-enable import/no-unassigned-import

/** What panels share: the symbol that is looked at, and the price that was clicked on. */
const shared = { symbol: '', price: '', listeners: new Set<() => void>() }

function choose(change: { symbol?: string; price?: string }): void {
  Object.assign(shared, change)
  for (const listener of shared.listeners) listener()
}

function useShared(): { symbol: string; price: string } {
  const [, draw] = useState(0)
  useEffect(() => {
    const listener = (): void => draw((turn) => turn + 1)
    shared.listeners.add(listener)
    return () => void shared.listeners.delete(listener)
  }, [])
  return shared
}

function OfSymbol({ show }: { show: (symbol: string) => ComponentChildren }): JSX.Element {
  const { symbol } = useShared()
  return <>{symbol === '' ? <p class="quiet">no symbol yet</p> : show(symbol)}</>
}

function Ticket(): JSX.Element {
  const { symbol, price } = useShared()
  return <TicketPanel symbol={symbol} price={price} />
}

const PANELS: Readonly<Record<PanelId, { readonly title: string; readonly show: () => JSX.Element }>> = {
  pipeline: { title: 'Pipeline', show: () => <PipelinePanel /> },
  performance: { title: 'Latency', show: () => <PerformancePanel /> },
  throughput: { title: 'Throughput', show: () => <ThroughputPanel /> },
  health: { title: 'Health', show: () => <HealthPanel /> },
  ladder: {
    title: 'Book',
    show: () => (
      <OfSymbol show={(symbol) => <LadderPanel symbol={symbol} pick={(price) => choose({ price })} />} />
    ),
  },
  trades: { title: 'Trades', show: () => <OfSymbol show={(symbol) => <TradesPanel symbol={symbol} />} /> },
  price: { title: 'Price', show: () => <OfSymbol show={(symbol) => <PricePanel symbol={symbol} />} /> },
  ticket: { title: 'Order', show: () => <Ticket /> },
  orders: { title: 'Open orders', show: () => <OrdersPanel /> },
}

const NARROW = '(max-width: 760px)'

function App(): JSX.Element {
  const [role, setRole] = useKept<Role>('role', 'operator')
  const [theme, setTheme] = useKept<'light' | 'dark'>(
    'theme',
    matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark',
  )
  const [isNarrow, setNarrow] = useState(matchMedia(NARROW).matches)
  useEffect(() => {
    const query = matchMedia(NARROW)
    const listener = (): void => setNarrow(query.matches)
    query.addEventListener('change', listener)
    return () => query.removeEventListener('change', listener)
  }, [])
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
  }, [theme])
  return (
    <div class="app">
      <header>
        <h1>Millrace</h1>
        <Symbols />
        <label>
          <span class="unseen">layout for</span>
          <select
            aria-label="Layout"
            value={role}
            onChange={(event) => setRole(event.currentTarget.value as Role)}
          >
            {ROLES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <button onClick={() => resetLayout(role)}>reset layout</button>
        <button
          aria-label={`Switch to ${theme === 'dark' ? 'light' : 'dark'} colours`}
          onClick={() => setTheme(theme === 'dark' ? 'light' : 'dark')}
        >
          {theme === 'dark' ? '☀' : '☾'}
        </button>
        <LinkStatus />
      </header>
      <main>{isNarrow ? <Stack role={role} /> : <Dock key={role} role={role} theme={theme} />}</main>
    </div>
  )
}

function Symbols(): JSX.Element {
  const [symbols, setSymbols] = useState<readonly string[]>([])
  const { symbol } = useShared()
  useEffect(() => {
    get<{ symbol: string }[]>('/api/instruments').then(
      (all) => {
        setSymbols(all.map((one) => one.symbol))
        if (shared.symbol === '' && all[0] !== undefined) choose({ symbol: all[0].symbol })
      },
      () => {},
    )
  }, [])
  return (
    <label>
      <span class="unseen">symbol</span>
      <select
        aria-label="Symbol"
        value={symbol}
        onChange={(event) => choose({ symbol: event.currentTarget.value, price: '' })}
      >
        {symbols.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  )
}

const STALE_MS = 3_000

/** Whether what is shown is of now. */
function LinkStatus(): JSX.Element {
  const [text, setText] = useState('connecting')
  useEffect(() => {
    const look = (): void => {
      const age = performance.now() - connection.lastMs
      if (connection.state !== 'open') setText('connection lost: what is shown is old')
      else setText(age > STALE_MS ? `no word for ${Math.round(age / 1e3)} s: what is shown is old` : 'live')
    }
    const timer = setInterval(look, 500)
    connection.onState = look
    return () => clearInterval(timer)
  }, [])
  return (
    <span class={`link ${text === 'live' ? '' : 'alarm'}`} role="status">
      {text === 'live' ? '● live' : `▲ ${text}`}
    </span>
  )
}

/** Panels one under the other, on a small screen. */
function Stack({ role }: { role: Role }): JSX.Element {
  return (
    <div class="stack">
      {LAYOUTS[role].map(({ id }) => (
        <section key={id} class={`panel ${id}`} aria-label={PANELS[id].title}>
          <h2>{PANELS[id].title}</h2>
          {PANELS[id].show()}
        </section>
      ))}
    </div>
  )
}

/** A tab with a title alone: panels are moved, not closed, so that nothing in it is a button within a button. */
function titleTab(): ITabRenderer {
  const element = document.createElement('div')
  element.className = 'title-tab'
  return {
    element,
    init: ({ title, api }) => {
      element.textContent = title
      api.onDidTitleChange((change) => {
        element.textContent = change.title
      })
    },
  }
}

const THEMES = { dark: themeDark, light: themeLight } as const

/** Panels that can be docked, resized and moved; where they are is kept for each role. */
function Dock({ role, theme }: { role: Role; theme: 'light' | 'dark' }): JSX.Element {
  const target = useRef<HTMLDivElement>(null)
  const dock = useRef<DockviewApi | undefined>(undefined)
  useEffect(() => {
    dock.current?.updateOptions({ theme: THEMES[theme] })
  }, [theme])
  useEffect(() => {
    const api = createDockview(target.current!, {
      theme: THEMES[theme],
      defaultTabComponent: 'title',
      createTabComponent: titleTab,
      createComponent: ({ name }) => {
        const element = document.createElement('div')
        element.className = 'panel'
        const panel = PANELS[name as PanelId]
        return {
          element,
          init: () => render(panel.show(), element),
          dispose: () => render(null, element),
        }
      },
    })
    dock.current = api
    arrange(api, role)
    const kept = api.onDidLayoutChange(() => localStorage.setItem(keyOf(role), JSON.stringify(api.toJSON())))
    const onKey = (event: KeyboardEvent): void => {
      const isText = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement
      const panel = isText ? undefined : api.panels[Number(event.key) - 1]
      panel?.api.setActive()
    }
    addEventListener('keydown', onKey)
    return () => {
      removeEventListener('keydown', onKey)
      kept.dispose()
      api.dispose()
    }
  }, [role])
  return <div ref={target} class="dock" />
}

function arrange(api: DockviewApi, role: Role): void {
  const kept = localStorage.getItem(keyOf(role))
  if (kept !== null)
    try {
      api.fromJSON(JSON.parse(kept) as Parameters<DockviewApi['fromJSON']>[0])
      return
    } catch {
      // Of another version of the page: begin anew.
      api.clear()
    }
  for (const { id, beside, direction, share } of LAYOUTS[role])
    api.addPanel({
      id,
      component: id,
      title: PANELS[id].title,
      inactive: direction === 'within',
      ...(beside === undefined
        ? {}
        : { position: { referencePanel: beside, direction: direction ?? 'right' } }),
      ...(share === undefined
        ? {}
        : direction === 'below' || direction === 'above'
          ? { initialHeight: share * innerHeight }
          : { initialWidth: share * innerWidth }),
    })
}

function keyOf(role: Role): string {
  return `layout-3-${role}`
}

function resetLayout(role: Role): void {
  localStorage.removeItem(keyOf(role))
  location.reload()
}

render(<App />, document.getElementById('app')!)
