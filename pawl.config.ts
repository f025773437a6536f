import { defineConfig } from 'pawl';

export default defineConfig({
  workflows: 'workflows/index.ts',
  dataDir: '.pawl',
});
