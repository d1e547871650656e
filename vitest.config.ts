import { defaultClientConditions, defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

// The condition makes every package resolve to its TypeScript, so tests need no build.
export default defineConfig({
  resolve: { conditions: ['@casement/source', ...defaultClientConditions] },
  ssr: { resolve: { conditions: ['@casement/source', ...defaultServerConditions] } },
  test: {
    include: ['packages/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    // What `casement init` copies is tested where it is copied to.
    exclude: ['**/node_modules/**', '**/dist/**', 'packages/casement/templates/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    // The first browser test on a machine unpacks Chromium in a hook.
    hookTimeout: 60_000,
  },
});
