import type { Node } from '@casement/ir';

export interface Line {
  readonly text: string;
  /** Its class in the style sheet. */
  readonly style: 'name' | 'op' | 'param' | 'type';
}

export interface Box {
  readonly id: string;
  readonly kind: 'block' | 'nodes' | 'input' | 'output' | 'state';
  readonly lines: readonly Line[];
  /** The opened block that it stands in. */
  readonly frame?: string;
}

/** An opened block: its scope, which is unique, and its name in the scope around it. */
export interface Frame {
  readonly id: string;
  readonly name: string;
  readonly frame?: string;
}

export interface Arrow {
  readonly from: string;
  readonly to: string;
  /** A residual goes around what its source also passes through, and is added to the result. */
  readonly kind: 'flow' | 'residual' | 'state';
  /** It goes both ways: a cache that is read and appended to. */
  readonly both?: boolean;
}

export interface Drawing {
  readonly boxes: readonly Box[];
  readonly frames: readonly Frame[];
  readonly arrows: readonly Arrow[];
}

/** A part in its box. */
export interface Placed {
  readonly box: Box;
  readonly nodes: readonly Node[];
}
