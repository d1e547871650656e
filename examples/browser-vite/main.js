// Loads an artifact onto the GPU of the page, shows it an image and prints the tokens it goes on with.
import { fetchSource, readManifest } from '@casement/runtime';
import { generate, Session } from '@casement/session';
import { webgpuExecutor } from '@casement/session/webgpu';

const [status, output] = ['status', 'tokens'].map((id) => document.getElementById(id));

try {
  await run(new URL('model', document.baseURI).href);
} catch (error) {
  status.textContent = error.message;
}

async function run(url) {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error('This browser offers no WebGPU; try a current Chrome, Edge, Safari or Firefox.');
  const source = fetchSource(url);
  const signature = await readManifest(source);
  const executor = await webgpuExecutor({
    signature,
    source,
    plan: signature.targets.webgpu.plan,
    weights: signature.weights,
    adapter,
    onProgress: ({ weights }) => {
      status.textContent = `Loading ${Math.round((100 * weights.loaded) / weights.total)} %`;
    },
  });
  const session = new Session(executor);

  // What an image encoder would give: four image tokens.
  const hidden = signature.entries.openWindow.inputs[0].shape.at(-1);
  const data = Float32Array.from({ length: 4 * hidden }, (_, i) => Math.sin(i));
  await session.showImage({ embeds: { dtype: 'f32', shape: [4, hidden], data } });
  await session.read([1, 2, 3]);
  for await (const { token } of generate(session, { maxTokens: 16 })) output.textContent += ` ${token}`;
  status.textContent = `${signature.name} on ${adapter.info.description || adapter.info.vendor || 'this GPU'}`;
  await executor.dispose();
}
