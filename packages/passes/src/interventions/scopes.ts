import { type Graph, IrError, type Node, nearest } from '@casement/ir';

/**
 * The scopes of an entry that a pattern names, in the order in which they begin; `*` stands for one segment:
 * `model.layers.*.self_attn`. Throws IrError, with what there is, when it names none.
 */
export function matchScopes(graph: Graph, pattern: string): readonly string[] {
  const scopes = scopesOf(graph);
  const literal = pattern.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&'));
  const matcher = new RegExp(`^${literal.join('[^.]+')}$`);
  const found = scopes.filter((scope) => matcher.test(scope));
  if (found.length > 0) return found;
  const folded = [...new Set(scopes.map((scope) => scope.replace(/(?<=^|\.)\d+(?=\.|$)/g, '*')))];
  const hint = nearest(pattern, pattern.includes('*') ? folded : scopes);
  throw new IrError(
    `entry ${graph.name} has no scope "${pattern}"${hint}; it has ${folded.join(', ') || 'no scopes'} (* is any segment)`,
  );
}

/** Whether a node was made in a scope or in one within it. */
export function isWithin(scope: string): (node: Node) => boolean {
  return ({ origin }) => origin.scope === scope || origin.scope.startsWith(`${scope}.`);
}

/** The scope around a scope; empty for an outermost one. */
export function scopeAround(scope: string): string {
  return scope.slice(0, Math.max(scope.lastIndexOf('.'), 0));
}

function scopesOf({ nodes }: Graph): readonly string[] {
  const scopes = new Set<string>();
  for (const { origin } of nodes) {
    const segments = origin.scope === '' ? [] : origin.scope.split('.');
    segments.forEach((_, i) => {
      scopes.add(segments.slice(0, i + 1).join('.'));
    });
  }
  return [...scopes];
}
