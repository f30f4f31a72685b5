/** esbuild plugin: bundles the libraries of the workspace, which are TypeScript, and leaves npm packages outside. */
export const npmPackagesStayOutside = {
  name: 'npm-packages-stay-outside',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@gatehouse/') ? undefined : { path, external: true },
    );
  },
};
