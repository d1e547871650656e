import type { BindingAccess, KernelSpec } from '@casement/runtime';
import { dimsStruct } from './size.ts';
import type { Kernel } from './wgsl/kernelBuilder.ts';

interface Entry {
  readonly kernel: Kernel;
  readonly users: string[];
  /** Nobody needs it at once. */
  later: boolean;
}

/** The kernels of a program, equal texts once, as files that say what they compute and who runs them. */
export class KernelFiles {
  private readonly ids = new Map<string, string>();
  private readonly kernels = new Map<string, Entry>();
  private readonly counts = new Map<string, number>();

  constructor(private readonly dims: readonly string[]) {}

  /** The id of a kernel. `user` is the dispatch that runs it; `later`: which most runs do without. */
  add(kernel: Kernel, user: string, when: 'now' | 'later' = 'now'): string {
    const text = [kernel.summary, kernel.declarations, kernel.code].join('\n');
    const id = this.ids.get(text) ?? this.newId(kernel);
    this.ids.set(text, id);
    const entry = this.kernels.get(id) ?? { kernel, users: [], later: true };
    if (when === 'now') entry.later = false;
    this.kernels.set(id, entry);
    entry.users.push(user);
    return id;
  }

  /** Whether a kernel takes the dims, as its last binding. */
  usesDims(kernel: Kernel): boolean {
    return kernel.code.includes('dims.');
  }

  get specs(): Record<string, KernelSpec> {
    const specs = [...this.kernels].map(([id, { kernel, later }]): [string, KernelSpec] => {
      const bindings: BindingAccess[] = [...kernel.bindings, ...(this.usesDims(kernel) ? [dimsAccess(kernel)] : [])];
      return [id, { file: fileOf(id), bindings, tile: kernel.tile, ...(later ? { later } : {}) }];
    });
    return Object.fromEntries(specs);
  }

  get files(): Map<string, string> {
    return new Map([...this.kernels].map(([id, { kernel, users }]) => [fileOf(id), this.print(kernel, users)]));
  }

  private newId({ algorithm }: Kernel): string {
    const count = (this.counts.get(algorithm) ?? 0) + 1;
    this.counts.set(algorithm, count);
    return count === 1 ? algorithm : `${algorithm}-${count}`;
  }

  private print(kernel: Kernel, users: readonly string[]): string {
    const more = users.length > 1 ? ` and ${users.length - 1} more` : '';
    const header = [...`${kernel.algorithm}: ${kernel.summary}`.split('\n'), `Computes ${users[0]}${more}.`];
    const binding = kernel.bindings.length;
    const parts = [
      header.map((line) => `// ${line}`).join('\n'),
      ...(kernel.enables ?? []).map((extension) => `enable ${extension};`),
      ...(this.usesDims(kernel)
        ? [dimsStruct(this.dims), `${kernel.declarations}\n@group(0) @binding(${binding}) ${dimsVariable(kernel)}`]
        : [kernel.declarations]),
      kernel.code,
    ];
    return parts.join('\n\n');
  }
}

function dimsAccess({ writesDims }: Kernel): BindingAccess {
  return writesDims ? 'read_write' : 'uniform';
}

function dimsVariable({ writesDims }: Kernel): string {
  return `var<${writesDims ? 'storage, read_write' : 'uniform'}> dims: Dims;`;
}

function fileOf(id: string): string {
  return `${id}.wgsl`;
}
