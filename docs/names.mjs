import { Converter, ReflectionKind } from 'typedoc';

/** A plugin of TypeDoc that calls things what their users call them. */
export function load(app) {
  // `packages/session/src/webgpu/node` is imported as `@casement/session/webgpu-node`.
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    const [name, ...path] = reflection.name.replace(/\/src(?=\/|$)/, '').split('/');
    const subpath = path.length > 0 ? `/${path.join('-')}` : '';
    reflection.name = `${name === 'casement' ? '' : '@casement/'}${name}${subpath}`;
  });
  // A parameter that is destructured has no name.
  app.converter.on(Converter.EVENT_CREATE_PARAMETER, (_, reflection) => {
    if (reflection.name === '__namedParameters') reflection.name = 'options';
  });
}
