/** Sets all but the `k` largest logits to −∞; logits equal to the smallest of them stay too, as in transformers. */
export function keepTopK(logits: Float32Array, k: number): void {
  if (k >= logits.length) return;
  const bound = kthLargest(logits, k);
  for (let i = 0; i < logits.length; i++) if ((logits[i] ?? 0) < bound) logits[i] = Number.NEGATIVE_INFINITY;
}

/** A heap of the k largest so far, the smallest on top: one comparison for most of a large vocabulary. */
function kthLargest(values: Float32Array, k: number): number {
  const heap = values.slice(0, k).sort();
  for (let i = k; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value > (heap[0] ?? 0)) replaceTop(heap, value);
  }
  return heap[0] ?? Number.NEGATIVE_INFINITY;
}

function replaceTop(heap: Float32Array, value: number): void {
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++;
    if ((heap[child] ?? 0) >= value) break;
    heap[at] = heap[child] ?? 0;
    at = child;
  }
  heap[at] = value;
}
