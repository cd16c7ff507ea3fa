import { useEffect, useRef, useState } from 'preact/hooks'
import { Connection } from './connection.ts'

export const connection = new Connection()

/** The latest message of a channel; draws the component again when one comes. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- Who listens knows what a channel brings.
export function useChannel<M>(key: string, extra: object = {}): M | undefined {
  const [message, setMessage] = useState<M | undefined>(undefined)
  useEffect(() => {
    setMessage(undefined)
    return connection.subscribe<M>(key, setMessage, extra)
  }, [key])
  return message
}

/** Calls back for each message of a channel, without drawing anything. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- Who listens knows what a channel brings.
export function useMessages<M>(key: string, listener: (message: M) => void, extra: object = {}): void {
  const latest = useRef(listener)
  latest.current = listener
  useEffect(() => connection.subscribe<M>(key, (message) => latest.current(message), extra), [key])
}

/** A value that the browser keeps. */
export function useKept<A>(name: string, usual: A): [A, (value: A) => void] {
  const [value, setValue] = useState<A>(() => {
    const kept = localStorage.getItem(name)
    return kept === null ? usual : (JSON.parse(kept) as A)
  })
  const keep = (next: A): void => {
    localStorage.setItem(name, JSON.stringify(next))
    setValue(next)
  }
  return [value, keep]
}

/** The size of an element, followed as it changes. */
export function useSize(): [(element: HTMLElement | null) => void, { width: number; height: number }] {
  const [size, setSize] = useState({ width: 0, height: 0 })
  const observer = useRef<ResizeObserver | undefined>(undefined)
  const measure = useRef((element: HTMLElement | null) => {
    observer.current?.disconnect()
    if (element === null) return
    observer.current = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect
      setSize({ width: Math.floor(width), height: Math.floor(height) })
    })
    observer.current.observe(element)
  })
  return [measure.current, size]
}
