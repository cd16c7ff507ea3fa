import type { Drawing } from './drawing.ts'

/** A drawing for Graphviz. */
export function dot({ name, islands, links }: Drawing): string {
  const lines = [`digraph ${quoted(name)} {`, '  rankdir=LR; node [shape=box, fontname="sans-serif"];']
  for (const [index, { id, note, stages }] of islands.entries()) {
    lines.push(`  subgraph cluster_${index} {`, `    label=${quoted(note === '' ? id : `${id} (${note})`)};`)
    for (const stage of stages)
      lines.push(
        `    ${quoted(stage.id)} [label=${quoted(stage.id === stage.operator ? stage.id : `${stage.id}\n${stage.operator}`)}];`,
      )
    lines.push('  }')
  }
  for (const { from, to, label, isEdge } of links) {
    const attributes = [
      ...(label === '' ? [] : [`label=${quoted(label)}`]),
      ...(isEdge ? ['penwidth=2'] : []),
    ]
    lines.push(
      `  ${quoted(from)} -> ${quoted(to)}${attributes.length === 0 ? '' : ` [${attributes.join(', ')}]`};`,
    )
  }
  return `${lines.join('\n')}\n}\n`
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
