export type { EntryChoice } from './editEntry.ts';
export { type KnockoutOptions, knockout } from './knockout.ts';
export { type PatchOptions, patch } from './patch.ts';
export { isWithin, matchScopes } from './scopes.ts';
export type { Selector } from './sites.ts';
export { type TapOptions, tap } from './tap.ts';
