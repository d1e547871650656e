/** Bits that the WebGPU standard fixes. Node has no globals for them, so they are spelt out. */
export const BufferUsage = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;

export const MAP_READ = 0x1;
export const COMPUTE_STAGE = 0x4;
