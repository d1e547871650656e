import { defaultClientConditions, defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

// The condition makes every package resolve to its TypeScript, so tests need no build.
export default defineConfig({
  resolve: { conditions: ['@casement/source', ...defaultClientConditions] },
  ssr: { resolve: { conditions: ['@casement/source', ...defaultServerConditions] } },
  test: {
    include: ['packages/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    // The first browser test on a machine unpacks Chromium in a hook.
    hookTimeout: 60_000,
  },
});
