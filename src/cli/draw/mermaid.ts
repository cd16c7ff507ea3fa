import type { Drawing } from './drawing.ts'

/** A drawing as a Mermaid flowchart: islands are boxes around their stages, edges are thick. */
export function mermaid({ islands, links }: Drawing): string {
  const lines = ['flowchart LR']
  for (const [index, { id, note, stages }] of islands.entries()) {
    lines.push(`  subgraph island${index}["${note === '' ? id : `${id} (${note})`}"]`)
    for (const stage of stages) {
      const text = stage.id === stage.operator ? stage.id : `${stage.id}<br>${stage.operator}`
      lines.push(`    ${nodeName(stage.id)}["${text}"]`)
    }
    lines.push('  end')
  }
  for (const { from, to, label, isEdge } of links) {
    const arrow = isEdge ? '==>' : '-->'
    lines.push(`  ${nodeName(from)} ${arrow}${label === '' ? '' : `|"${label}"|`} ${nodeName(to)}`)
  }
  return `${lines.join('\n')}\n`
}

/** Some words, such as `end`, mean something to Mermaid. */
function nodeName(id: string): string {
  return `s_${id.replaceAll('-', '_')}`
}
