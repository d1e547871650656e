export * from './format/manifest.ts';
